"""The libraries that `benchmarks.throughput` times beside streamrnn, each a command of its own that does the same job.

Importing this package sets the process, and those that it starts, to one thread. NumPy, PyTorch and JAX read these
variables while they are loaded, so they have to be set before, and a package's `__init__` is the one place that Python
runs before each of its modules.
"""

import os

for _variable in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
):
    os.environ[_variable] = "1"

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
os.environ["JAX_PLATFORMS"] = "cpu"
