"""The command `edge-worker`."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)


def main() -> None:
    """Run the command line."""
    app()
