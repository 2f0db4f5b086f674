"""Decisions that follow each other: forecast, decide, serve, go on."""
