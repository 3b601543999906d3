"""The compiler's flags and the cache policy, once; nobody else writes ``njit``.

``kernel`` is for everything that other kernels call, ``inlined`` for what they call all the time; ``entry``,
``compact_entry`` and ``vector_entries`` are for the few functions that Python calls. Only those are cached: the machine
code of an entry contains all that it calls.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, TypeVar

import numba
from numba.extending import overload

from .cache import KernelCache
from .compilers import CompactEntryCompiler, EntryCompiler, InnerCompiler, VectorEntryCompiler

Function = TypeVar("Function", bound=Callable[..., Any])

# NaN must survive ("nnan" and "ninf" would fold isfinite to True); the rest lets loops vectorise.
FAST_MATH = {"reassoc", "contract", "arcp", "nsz"}
# "python" would raise in mid-update and keeps every loop with a division from vectorising.
FLAGS: dict[str, Any] = {"fastmath": FAST_MATH, "error_model": "numpy", "boundscheck": False, "nogil": True}
# Nothing is allocated or owned in a kernel, so no owners are counted; Python calls the entries alone.
INNER: dict[str, Any] = {
    **FLAGS,
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": InnerCompiler,
}
ENTRY: dict[str, Any] = {**FLAGS, "_nrt": False, "no_cfunc_wrapper": True, "pipeline_class": EntryCompiler}


def kernel(function: Function) -> Function:
    """Compile a function that only other kernels call."""
    compiled: Function = numba.njit(**INNER)(function)
    return compiled


def inlined(function: Function) -> Function:
    """Compile a kernel into each of its callers, which LLVM on its own may find too large for that.

    A call hands on a dozen words of views, which takes longer than what is done for every few bytes.
    """
    compiled: Any = kernel(function)
    compiled.targetoptions["forceinline"] = True
    result: Function = compiled
    return result


def entry(function: Callable[..., None]) -> Callable[..., None]:
    """Compile a function that Python calls, and keep its machine code in the cache directory."""
    return _kept(uncached_entry(function), function.__qualname__)


def compact_entry(function: Callable[..., None]) -> Callable[..., None]:
    """Compile an entry in which kernels that are called from many places stand once, and no loop is unrolled."""
    return _kept(numba.njit(**{**ENTRY, "pipeline_class": CompactEntryCompiler})(function), function.__qualname__)


def vector_entries(family: Callable[[Any], Callable[..., None]]) -> Callable[[Any], Callable[..., None]]:
    """Let a function that makes a kind's entry make each once.

    Their hot loops are all written with ``vector.py``: LLVM need not look for others.
    """

    @cache
    def entry_of(kind: Any) -> Callable[..., None]:
        compiled = numba.njit(**{**ENTRY, "pipeline_class": VectorEntryCompiler})(family(kind))
        return _kept(compiled, f"{family.__name__}.{kind}")

    return entry_of


def _kept(compiled: Any, name: str) -> Callable[..., None]:
    compiled._cache = KernelCache(name)  # Numba's own cache trusts every file that it finds
    result: Callable[..., None] = compiled
    return result


def uncached_entry(function: Callable[..., None]) -> Callable[..., None]:
    """Compile a function that Python calls."""
    compiled: Callable[..., None] = numba.njit(**ENTRY)(function)
    return compiled


def by_type(stub: Callable[..., Any]) -> Callable[[Function], Function]:
    """Register an implementation of ``stub`` that is chosen by its arguments' types at compile time."""
    register: Callable[[Function], Function] = overload(stub, jit_options=INNER)
    return register


def ready(call: Callable[[], None]) -> Callable[[], None]:
    """Compile the entry of a call, and bind its machine code: nobody then looks at the arguments' types any more.

    A call that is none of an entry is ready as it is.
    """
    compiled: Any = getattr(call, "func", None)
    if not isinstance(call, partial) or not hasattr(compiled, "compile"):
        return call
    return partial(compiled.compile(tuple(map(numba.typeof, call.args))), *call.args)
