"""The `slit` command: one module a subcommand."""
