"""A plan served request by request: what it promises beside what comes out."""
