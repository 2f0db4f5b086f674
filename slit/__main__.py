"""`python -m slit`: the `slit` command."""

from slit.commands import main

if __name__ == "__main__":
    main()
