"""Bytes in: from a file, a pipe, a growing log; as they come, or as whole lines."""
