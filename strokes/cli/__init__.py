"""The command line: arguments to one library call to an exit code. The library loads when a command runs."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from strokes.cli.looking import app as looking
from strokes.cli.making import app as making
from strokes.cli.outputs import app as outputs
from strokes.cli.pictures import app as generators
from strokes.errors import StrokesError

REFUSALS = (
    errno.EPIPE,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EACCES,
    errno.EPERM,
    errno.ENAMETOOLONG,
)
"""What the system refuses for a reason that a person can act on, whatever was asked of it."""


class Commands(TyperGroup):
    """The commands; an interrupt of one reaches `main`, which typer would answer itself."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            what_is_left = str(interrupt) or "no unfinished file is left"
            raise StrokesError(f"interrupted; {what_is_left}") from None


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turns pictures of handwriting into what the pen did: ordered, directed strokes with pen-lifts.",
)
app.add_typer(making)
app.add_typer(looking)
app.add_typer(generators)
app.add_typer(outputs)


def print_version(wanted: bool) -> None:
    """Print the version and end, when asked to."""
    if wanted:
        import strokes

        typer.echo(f"strokes {strokes.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=print_version, is_eager=True, help="Say it.")] = False,
) -> None:
    """Turns pictures of handwriting into what the pen did: ordered, directed strokes with pen-lifts."""


def main() -> None:
    """Run a command; an error that a person can act on becomes one line and exit code 1."""
    try:
        app()
    except StrokesError as error:
        print(f"strokes: {' '.join(str(error).split())}", file=sys.stderr)
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        if error.errno != errno.EPIPE:
            print(f"strokes: {error.filename or 'the output'}: {os.strerror(error.errno)}", file=sys.stderr)
        if error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in its buffer
    else:
        return
    raise SystemExit(1)
