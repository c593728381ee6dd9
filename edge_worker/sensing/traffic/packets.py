"""A batch of captured frames: what every packet source yields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ByteArray = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]

# Bytes behind the last frame, so that a whole batch of fixed-size headers can be
# gathered without checking each one first. `headers` checks the true ends afterwards.
PADDING = 128


@dataclass(frozen=True, kw_only=True)
class PacketBatch:
    """Frames of one link type in one buffer.

    data: the buffer, with PADDING more bytes at the end. The source may use it again for
    the next batch.
    start, length: place of each frame in it and the bytes captured, shape (packets,).
    wire: bytes that each frame had on the wire. time_ns: Unix nanoseconds.
    """

    link: int
    data: ByteArray
    start: IntArray
    length: IntArray
    wire: IntArray
    time_ns: IntArray

    def __len__(self) -> int:
        return len(self.start)

    def select(self, rows: npt.NDArray[np.bool_] | IntArray) -> PacketBatch:
        """The same buffer with some of the frames."""
        return PacketBatch(
            link=self.link,
            data=self.data,
            start=self.start[rows],
            length=self.length[rows],
            wire=self.wire[rows],
            time_ns=self.time_ns[rows],
        )


def overlapping(data: ByteArray, kind: str) -> npt.NDArray[np.uint64]:
    """A view of numbers of `kind` (such as ">u2") that begin at every byte of `data`."""
    item = np.dtype(kind)
    return np.ndarray((len(data) - item.itemsize + 1,), item, data.data, strides=(1,))
