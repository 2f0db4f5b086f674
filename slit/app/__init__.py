"""The interactive page: `slit explore` and the live view of a search."""
