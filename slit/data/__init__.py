"""Tables, time stamps and streams of requests, whatever file they come from.

Every mistake in a file is a `SlitError` with file and line.
"""
