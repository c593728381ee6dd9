"""The hub finishes what a step says of a window, where it has the network's answer anyway."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edge_worker.catalogue.coinference import Finish
from edge_worker.catalogue.notes import read_note
from edge_worker.catalogue.ports import VALUE_TYPES, Port
from edge_worker.catalogue.tool import Tool
from edge_worker.messages import MessageError, Monitor, encode, from_dict, to_dict
from edge_worker.offload.frames import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOGGER = logging.getLogger(__name__)

Where = tuple[str, str]
"""Device and step."""


class HandingOn:
    """Answers of shared networks, made into values of the steps that asked.

    tools: by name. publish: (device, step, encoded StepValue) → as if the device had sent it.
    """

    def __init__(
        self, tools: Mapping[str, Tool], publish: Callable[[str, str, bytes], None]
    ) -> None:
        self._tools = tools
        self._publish = publish
        self._finishes: dict[Where, tuple[str, Finish]] = {}
        self._wanted: dict[Where, str] = {}
        self._lock = threading.Lock()

    def expect(self, monitors: Iterable[Monitor]) -> None:
        """From now on these monitors run; steps of others are forgotten."""
        wanted = {
            (step.device, step.id): step.tool for monitor in monitors for step in monitor.plan.steps
        }
        with self._lock:
            self._wanted = wanted
            self._finishes = {
                where: (tool, finish)
                for where, (tool, finish) in self._finishes.items()
                if wanted.get(where) == tool
            }

    def take(self, device: str, frame: Frame, outputs: Mapping[str, NDArray[Any]]) -> bool:
        """Finish and publish a window's value; False when the device has to do it itself.

        frame: names the step; its note holds the StepValue that the device would have sent.
        """
        try:
            finish = self._finish((device, frame.step))
            if finish is None:
                return False
            told = read_note(frame.note)
            value = from_dict(VALUE_TYPES[Port(told.port)], told.value, "value")
            finished = replace(told, value=to_dict(finish(value, outputs)))
        except (MessageError, ValueError, KeyError) as error:
            _LOGGER.warning("A note of %s on %s can't be used: %s", device, frame.step, error)
            return False
        except Exception:
            _LOGGER.exception("A value of %s on %s could not be finished", frame.step, device)
            return False
        self._publish(device, frame.step, encode(finished))
        return True

    def _finish(self, where: Where) -> Finish | None:
        with self._lock:
            if where not in self._finishes:
                tool = self._tools.get(self._wanted.get(where, ""))
                if tool is None or tool.make_finish is None:
                    return None
                self._finishes[where] = (tool.card.name, tool.make_finish())
            return self._finishes[where][1]
