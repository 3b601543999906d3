"""Benchmarks: every figure that the documents quote is printed by a command in this folder."""
