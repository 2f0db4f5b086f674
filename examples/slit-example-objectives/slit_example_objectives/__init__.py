"""Example objectives for slit, installed as plug-ins by their entry points."""
