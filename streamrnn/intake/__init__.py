"""How rows come to the kernels: which number, key, sequence, time and codes each has."""
