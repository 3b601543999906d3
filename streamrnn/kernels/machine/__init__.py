"""What stands between kernels and the processor: the compiler and its cache, views of memory, vectors."""
