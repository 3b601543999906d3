"""Recurrent cells: gates only, forward and backward side by side. The matrix products are the same for all."""
