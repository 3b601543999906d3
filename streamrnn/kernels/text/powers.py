"""Powers of ten, to 128 bits: what turns decimal numbers into binary ones, and back.

10^q = 2^q 5^q, and powers of two only move the point, so what is kept of each is the leading 128 bits of 5^q. Here is
nothing to compile, so this can be imported without the compiler.
"""

from __future__ import annotations

from functools import cache

import numpy as np

LEAST, MOST = -342, 324  # exponents of ten: below, even 2^64 x 10^q is zero; above, nothing is finite
EXACT = 55  # 5^55 is the last that 128 bits hold


@cache
def powers_of_five() -> np.ndarray:
    """Return the words (exponents, 2) of 5^LEAST to 5^MOST, high word first, scaled to have their highest bit set.

    5^q is rounded down. A power that 128 bits do not hold, of q from -27 to -1, is rounded up: with a quotient by
    5^-q that ends, reading must come out on the quotient's side.
    """
    rows = []
    for q in range(LEAST, MOST + 1):
        power = 5 ** abs(q)
        size = power.bit_length()
        if q >= 0:
            bits = power << (128 - size) if size <= 128 else power >> (size - 128)
        else:
            bits = (1 << (127 + size)) // power
            bits += q >= -27
        rows.append((bits >> 64, bits & (2**64 - 1)))
    return np.array(rows, np.uint64)
