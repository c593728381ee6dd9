"""The commands `edge-worker mood ...`: arguments, one call, a sentence when it goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Mood models: train, evaluate, predict, personalise.")

_Usage = Annotated[Path | None, typer.Option(help="Days of app use: id, date, appCat.*, mood.")]
_Vitals = Annotated[
    Path | None, typer.Option(help="Heart and breathing at 1 Hz: id, Time, HR_z, BR_z, Session.")
]
_Condition = Annotated[
    Path | None, typer.Option(help="Who did which stress task: Subject, Condition.")
]
_Models = Annotated[
    Path | None, typer.Option(help="Folder of model files; by default the shipped ones.")
]


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="Folder for the model files and their cards.")],
    usage: _Usage = None,
    vitals: _Vitals = None,
    condition: _Condition = None,
) -> None:
    """Fit the models from files; every choice is made by leaving people out."""
    with _sentences():
        from edge_worker.mood.training import train_activation, train_valence

        _need_one(usage, vitals)
        out.mkdir(parents=True, exist_ok=True)
        if vitals is not None:
            train_activation(vitals, _needed(condition), out, _tell)
        if usage is not None:
            train_valence(usage, out, _tell)


@app.command()
def evaluate(
    usage: _Usage = None,
    vitals: _Vitals = None,
    condition: _Condition = None,
    cross_validate: Annotated[
        bool,
        typer.Option(
            "--cross-validate", help="Repeat the whole training, leaving one person out each time."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    models: _Models = None,
    cards: Annotated[
        Path | None,
        typer.Option(help="Folder of model files whose cards shall get the measured figures."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Markdown page whose marked tables shall be renewed.")
    ] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder for the pictures.")] = None,
) -> None:
    """Score the shipped models on files of the same form, without fitting anything."""
    with _sentences():
        from edge_worker.mood import evaluation

        _need_one(usage, vitals)
        if vitals is not None:
            _needed(condition)
        reports = evaluation.evaluate(
            evaluation.Files(usage=usage, vitals=vitals, condition=condition),
            cross_validated=cross_validate,
            models=models,
            progress=_tell,
        )
        evaluation.publish(
            reports, cross_validated=cross_validate, cards=cards, page=page, plots=plots
        )
        typer.echo(_json(evaluation.reports_json(reports)) if as_json else reports.text())


@app.command()
def predict(
    out: Annotated[Path, typer.Option(help="CSV file: person, time, probability, label.")],
    usage: _Usage = None,
    vitals: _Vitals = None,
    condition: _Condition = None,
    models: _Models = None,
) -> None:
    """Write what the shipped models say of every day, respectively every window."""
    with _sentences():
        from edge_worker.mood import datasets, model_files, prediction

        if (usage is None) == (vitals is None):
            raise datasets.DataError("give either --usage or --vitals")
        if usage is not None:
            rows = prediction.predict_days(
                datasets.read_days(usage),
                model_files.load_usage_tree(models),
                model_files.load_history_model(models),
            )
        else:
            assert vitals is not None
            recordings = datasets.read_recordings(vitals, condition)
            rows = prediction.predict_windows(
                recordings, model_files.load_activation_forest(models)
            )
            silent = len({r.person for r in recordings} - {row.person for row in rows})
            if silent:
                _tell(f"{silent} people have no measured rest and window, hence no rows")
        _tell(f"{prediction.write_predictions(out, rows)} rows written to {out}")


@app.command()
def personalise(
    usage: _Usage = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="The hub's data folder: refit everybody stored there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Fit people's own parameters; they are kept only where they prove better, else the old stay.

    With --usage this is a trial on a file's people and stores nothing.
    """
    with _sentences():
        from edge_worker.mood import datasets, trial

        if (usage is None) == (data_dir is None):
            raise datasets.DataError("give either --usage or --data-dir")
        if usage is not None:
            results = trial.refit_file(usage)
        else:
            assert data_dir is not None
            results = trial.refit_store(data_dir)
        typer.echo(_json(trial.results_json(results)) if as_json else trial.results_text(results))


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what a user can mend into one sentence and exit code 1."""
    from edge_worker.mood.datasets import DataError
    from edge_worker.mood.forest import ModelError

    try:
        yield
    except (DataError, ModelError) as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed; install edge-worker[train]")


def _fail(sentence: str) -> None:
    typer.secho(sentence, err=True, fg="red")
    raise typer.Exit(1)


def _need_one(*paths: Path | None) -> None:
    from edge_worker.mood.datasets import DataError

    if all(path is None for path in paths):
        raise DataError("give --usage, --vitals or both")


def _needed(condition: Path | None) -> Path:
    from edge_worker.mood.datasets import DataError

    if condition is None:
        raise DataError("--vitals needs --condition as well: who did which stress task")
    return condition


def _tell(line: str) -> None:
    typer.echo(line, err=True)


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
