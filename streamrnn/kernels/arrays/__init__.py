"""The arrays that a learner is: which there are, how kernels see them, and the ring of steps among them."""
