"""Text <-> numbers, compiled: rows of CSV and NDJSON in, rows of CSV and NDJSON out.

A float64 is its 64 bits here, and all work is on integers: what the compiler may do with floating-point operations, see
``jit.py``, cannot touch it.
"""
