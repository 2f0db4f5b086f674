"""Readers of public formats: request traces, grid signals, latencies, speeds, leaderboards.

One file a format. Every reader names the unit of its source and converts through `slit.units`;
every mistake in a file is a `SlitError` with its line and column.
"""
