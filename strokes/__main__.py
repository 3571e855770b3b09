"""Runs the command line as `python -m strokes`."""

from strokes.cli import main

if __name__ == "__main__":
    main()
