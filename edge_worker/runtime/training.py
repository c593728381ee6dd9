"""Training for the hub: one loop at a time, in a process of its own.

The hub starts `edge-worker federated improve`, reads its journal for progress, and tells
what came of it. A hub that restarts goes on with a loop that was cut off. A winner waits
until somebody says yes.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edge_worker.messages import EventKind, Quantity, Training, TrainingState
from edge_worker.runtime import files
from edge_worker.runtime.commands import CommandError
from edge_worker.settings import Settings

_LOGGER = logging.getLogger(__name__)

# What a quantity rests on: the task whose model judges it.
TASK_OF: Mapping[Quantity, str] = {
    Quantity.MOOD: "activation",
    Quantity.STRESS: "activation",
    Quantity.ACTIVATION: "activation",
    Quantity.APP_USAGE: "valence",
    Quantity.VALENCE: "valence",
}
_PROGRAM = ("-c", "from edge_worker.cli import main; main()", "federated", "improve")
KEY_VARIABLE = "EDGE_WORKER_LANGUAGE_MODEL_KEY"

Publish = Callable[[Training], None]
Tell = Callable[[EventKind, Mapping[str, Any]], None]


class TrainingDesk:
    """Starts, follows and ends training; keeps its state over restarts."""

    def __init__(
        self,
        settings: Settings,
        publish: Publish,
        tell: Tell,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed`: called after another version of a model came into use."""
        self._settings = settings
        self._changed = changed
        self._publish = publish
        self._tell = tell
        self._path = settings.data_dir / "training.json"
        self.state = files.restore(self._path, Training, Training())
        self._process: subprocess.Popen[bytes] | None = None
        self._log = settings.data_dir / "federated" / "last-run.log"

    def start(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Begin to train what the quantities rest on. Raises CommandError when it can't."""
        if self.state.state is TrainingState.RUNNING:
            raise CommandError("busy", "A training is running already.")
        task = _task(arguments)
        missing = [name for name in ("torch", "sklearn", "safetensors") if find_spec(name) is None]
        if missing:
            raise CommandError(
                "unsupported",
                f"This hub can't train: {', '.join(missing)} is not installed there"
                " (edge-worker[neural,train]).",
            )
        if self._settings.federated.data is None:
            raise CommandError(
                "no_data",
                "This hub has no recordings to learn from: set `data` in [federated] of its"
                " settings.",
            )
        self._become(Training(state=TrainingState.RUNNING, task=task, started=time.time()))
        self._launch(resume=False)
        return {"task": task}

    def answer(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Take the candidate into use, or leave it. Raises CommandError without one."""
        from edge_worker.catalogue.model_store import ModelStore, ModelStoreError, network_of

        candidate, task = self.state.candidate, self.state.task
        accepted = arguments.get("accept")
        if self.state.state is not TrainingState.WAITING or candidate is None or task is None:
            raise CommandError("nothing_waits", "No trained model waits for an answer.")
        if not isinstance(accepted, bool):
            raise CommandError("invalid", "`accept` is true or false.")
        if accepted:
            try:
                ModelStore(self._settings.data_dir).promote(network_of(task), candidate)
            except ModelStoreError as error:
                raise CommandError("invalid", f"{error}.") from error
            self._changed()
        self._become(replace(self.state, state=TrainingState.IDLE, accepted=accepted))
        return {"task": task, "version": candidate, "in_use": accepted}

    def roll_back(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return to the model before. Raises CommandError when there is none."""
        from edge_worker.catalogue.model_store import ModelStore, ModelStoreError, network_of

        task = _task(arguments)
        try:
            model = ModelStore(self._settings.data_dir).rollback(network_of(task))
        except ModelStoreError as error:
            raise CommandError("nothing_to_undo", f"{str(error).capitalize()}.") from error
        self._changed()
        return {"task": task, "version": None if model is None else model.version}

    def tick(self) -> None:
        """Follow the process; called about once a second."""
        if self.state.state is not TrainingState.RUNNING:
            return
        if self._process is None:
            if self._runs_elsewhere():
                self._become(self._read())
                return
            _LOGGER.info("Training of %s goes on after a restart", self.state.task)
            self._launch(resume=True)
            return
        self._become(self._read())
        if self._process.poll() is None:
            return
        status, self._process = self._process.returncode, None
        self._finish(status)

    def stop(self) -> None:
        """End the process; the next start goes on where it was."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _launch(self, *, resume: bool) -> None:
        settings, task = self._settings, self.state.task
        own = settings.federated
        words = [
            *(sys.executable, *_PROGRAM),
            *("--task", str(task), "--data", str(own.data), "--data-dir", str(settings.data_dir)),
            *("--attempts", str(own.attempts), "--minutes", str(own.minutes)),
        ]
        if own.base_url is not None and own.model is not None:
            words += ["--base-url", own.base_url, "--model", own.model]
        if own.allow_code:
            words.append("--allow-code")
        if resume and self._last_run() is not None:
            words.append("--resume")
        environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
        environment["PYTHONPATH"] = ":".join(path for path in sys.path if path)
        if own.api_key is not None:
            environment[KEY_VARIABLE] = own.api_key.get_secret_value()
        self._log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )

    def _runs_elsewhere(self) -> bool:
        """Whether the loop outlived the hub that started it, or somebody runs one by hand."""
        from edge_worker.federated.lock import is_held

        return is_held(self._settings.data_dir / "federated")

    def _read(self) -> Training:
        """Where the loop stands, by its journal."""
        from edge_worker.federated.standing import standing

        run = self._last_run()
        if run is None:
            return self.state
        attempts = self._journal().attempts(run)
        best = standing(attempts).best
        baseline = attempts[0] if attempts and attempts[0].results else None
        return replace(
            self.state,
            attempt=attempts[-1].number if attempts else 0,
            attempts=self._settings.federated.attempts,
            baseline=None if baseline is None else round(float(baseline.mean), 4),
            best=None if best is None else round(float(best.mean), 4),
        )

    def _finish(self, status: int) -> None:
        """Say what came of it: a candidate, nothing better, or a failure."""
        task = self.state.task
        assert task is not None
        run = self._last_run()
        found = None if run is None else self._journal().run(run)
        test = (found.test if found is not None else None) or {}
        if status != 0:
            self._become(
                replace(self.state, state=TrainingState.FAILED, sentence=_last_line(self._log))
            )
        elif test.get("candidate"):
            self._become(
                replace(
                    self.state,
                    state=TrainingState.WAITING,
                    candidate=str(test["candidate"]),
                    gain=round(float(test["gain"]), 4),
                    gain_error=round(float(test["gain_error"]), 4),
                    sentence="A better model waits for your yes.",
                )
            )
        else:
            reason = found.sentence if found is not None else "the journal says nothing"
            if "score" in test:
                reason = "the best attempt is no better beyond noise on people it never saw"
            elif test:
                reason = (
                    "it was cut off while it looked at people it never saw, which is done once;"
                    " train again"
                )
            sentence = f"Nothing better was found: {reason}."
            if run is not None and self._code_built_the_best(run):
                sentence = (
                    "The best attempt's model is built by code that a language model wrote, so it"
                    " can't become a tool."
                )
            self._become(replace(self.state, state=TrainingState.IDLE, sentence=sentence))
        _LOGGER.info("Training of %s: %s", task, self.state.state)
        self._tell(
            EventKind.TRAINING_FINISHED,
            {
                "task": task,
                "state": str(self.state.state),
                "candidate": self.state.candidate,
                "gain": self.state.gain,
                "message": self.state.sentence,
            },
        )

    def _code_built_the_best(self, run: int) -> bool:
        from edge_worker.federated.standing import standing

        best = standing(self._journal().attempts(run)).best
        proposal = None if best is None else best.proposal
        return proposal is not None and proposal.hooks.build_model is not None

    def _journal(self) -> Any:
        from edge_worker.federated.journal import Journal

        return Journal(self._settings.data_dir / "federated" / "journal.sqlite")

    def _last_run(self) -> int | None:
        if not (self._settings.data_dir / "federated").is_dir():
            return None
        runs = [
            run
            for run in self._journal().runs(self.state.task)
            if run.created >= self.state.started
        ]
        return runs[-1].id if runs else None

    def _become(self, state: Training) -> None:
        if state == self.state:
            return
        self.state = state
        try:
            files.save(self._path, state)
        except OSError as error:
            _LOGGER.error("Cannot save the state of training: %s", error)
        self._publish(state)


def _task(arguments: Mapping[str, Any]) -> str:
    names: Sequence[Any] = arguments.get("quantities") or [Quantity.MOOD]
    try:
        quantities = [Quantity(name) for name in names]
    except (TypeError, ValueError):
        raise CommandError("invalid", "`quantities` is a list of quantities.") from None
    tasks = {TASK_OF.get(quantity) for quantity in quantities}
    task = tasks.pop() if len(tasks) == 1 else None
    if task is None:
        known = ", ".join(quantity.value for quantity in TASK_OF)
        raise CommandError("unsupported", f"One model at a time can be trained, for {known}.")
    return task


def _last_line(log: Path) -> str:
    """The last words of a process that failed, as its own commands print them."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:300] if lines else "The training ended without a word."
