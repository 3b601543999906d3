"""From settings to a learner's arrays: which there are, how large they are, and what they hold before the first row."""
