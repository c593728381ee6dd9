"""The commands `edge-worker mood ...`."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Mood models: train, evaluate, predict.")


@app.callback()
def _mood() -> None:
    """Mood models: train, evaluate, predict, personalise."""
