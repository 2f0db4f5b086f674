"""What is solved: one file a case."""
