"""Certificates: how good any front could be, what a gap is made of, what one objective buys."""
