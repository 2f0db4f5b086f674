"""Readers of public formats: request traces, and answers of services that hold grid signals.

One file a format. Every mistake in a file is a `SlitError` with its line and column.
"""
