"""The processes that `benchmarks.streams` measures, and the streams that it gives them."""
