"""Text <-> numbers, compiled: rows of CSV and NDJSON in, rows of CSV and NDJSON out.

Everything here works on integers, a float64 being its 64 bits: the compiler may not round, reorder or fold what has no
floating-point operation in it.
"""
