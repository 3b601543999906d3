"""Categories outside of the kernels: their names, what is said of them, and how forecasts of them did."""
