"""Several learners that share out the keys of one stream, in threads."""
