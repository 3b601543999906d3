"""Jitted code only: arrays in, arrays out. Nothing here checks its input or allocates in the row loop."""
