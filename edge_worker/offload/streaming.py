"""A hub that is fed while the sensor records: each frame holds only what is new of a window.

Windows overlap: the next one is the last one, moved on by a piece along its last axis, time.
The hub keeps the last window of each device and puts the piece behind it, so that hardly
anything is left to send once a window is complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_worker.offload.parts import Arrays, SplitModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_DEVICES = 64
# More than one step of a device may share a model; each has a stream of its own.
_STREAMS = 4


def newest(window: Arrays, samples: int) -> dict[str, NDArray[Any]]:
    """The last samples of a window's arrays."""
    return {name: array[..., -samples:] for name, array in window.items()}


def device_part(model: SplitModel, plan: str, window: Arrays) -> Arrays:
    """What the device has to code under a plan: features, the window, or its newest piece."""
    if (head := model.head(plan)) is not None:
        return head.run(window)
    piece = model.piece(plan)
    return window if piece is None else newest(window, piece.samples)


class SentWindow:
    """The device's side: what the hub holds, as far as the device knows."""

    def __init__(self) -> None:
        self._window: Arrays = {}
        self._sequence = 0

    def base(self, window: Arrays, samples: int) -> int:
        """Number of the frame whose window this one continues by a piece; 0 when none does."""
        import numpy as np

        if not self._window:
            return 0
        continues = all(
            np.array_equal(array[..., :-samples], self._window[name][..., samples:])
            for name, array in window.items()
        )
        return self._sequence if continues else 0

    def keep(self, window: Arrays, sequence: int) -> None:
        """The hub has this window now."""
        self._window, self._sequence = window, sequence

    def forget(self) -> None:
        """Nobody knows what the hub has."""
        self._window, self._sequence = {}, 0


class KeptWindows:
    """The hub's side: the last windows of each device and model, by the numbers of their frames."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], dict[int, dict[str, NDArray[Any]]]] = {}

    def join(
        self, key: tuple[str, str], sequence: int, base: int, tensors: Arrays
    ) -> dict[str, NDArray[Any]]:
        """The window that the frame `sequence` completes.

        key: device and model. base: of the frame that it continues; 0 for a whole window.
        Raises ValueError when that frame's window is not here, or was continued already.
        """
        import numpy as np

        streams = self._windows.pop(key, {})
        for old in list(self._windows)[: 1 - _MAX_DEVICES]:
            del self._windows[old]
        self._windows[key] = streams
        whole = dict(tensors)
        if base:
            window = streams.pop(base, None)
            if window is None:
                raise ValueError("the window that this piece continues is not here")
            whole = {
                name: np.concatenate((window[name][..., piece.shape[-1] :], piece), axis=-1)
                for name, piece in tensors.items()
            }
        for lost in list(streams)[: 1 - _STREAMS]:
            del streams[lost]
        streams[sequence] = whole
        return whole
