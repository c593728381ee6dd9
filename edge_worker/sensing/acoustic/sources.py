"""Where sound comes from, behind one interface: sound card, recording, simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class AudioBlock:
    """Mono sound at 48 kHz."""

    samples: npt.NDArray[np.float32]
    """Shape (samples,), -1..1. Any length."""
    lost: int = 0
    """Samples that were lost just before this block; 0 when unknown or none."""


class AudioSource(Protocol):
    """A stream of sound that can be read once."""

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield blocks until the sound ends; the live source never ends by itself.

        Raises AcousticError with a sentence that says what to do.
        """

    def close(self) -> None:
        """Release the device or the file; `blocks` then ends soon. May be called twice."""
