"""What users hand in: rows and tables in many forms <-> numbers and categories."""
