"""Which jobs answer which question: one file a suite."""
