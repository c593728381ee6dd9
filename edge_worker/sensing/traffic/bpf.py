"""A packet filter for the kernel: only packets of watched addresses reach this program.

Classic BPF (Linux Documentation/networking/filter.rst). Every address is a block that
accepts or falls through to the next, so no jump is long.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import NamedTuple

from edge_worker.sensing.traffic.watch import Watch

_SO_ATTACH_FILTER = 26
_MAX_INSTRUCTIONS = 4096
ACCEPT_BYTES = 0x40000
# Offsets relative to the network header, and of what the kernel knows about a packet.
_NETWORK, _PROTOCOL = 0xFFF00000, 0xFFFFF000
_LOAD_WORD, _LOAD_HALF, _JUMP_EQUAL, _RETURN = 0x20, 0x28, 0x15, 0x06
_IPV4, _IPV6 = 0x0800, 0x86DD


class Instruction(NamedTuple):
    """One instruction: code, jumps when true and when false, constant."""

    code: int
    if_true: int
    if_false: int
    value: int


def filter_program(watch: Watch) -> list[Instruction]:
    """Accept what a watched address sends or receives, drop everything else."""
    program: list[Instruction] = []
    for high, low in watch.ips:
        if high == 0 and low >> 32 == 0xFFFF:
            program += _both(_IPV4, (12, 16), [low & 0xFFFF_FFFF])
        else:
            words = [high >> 32, high & 0xFFFF_FFFF, low >> 32, low & 0xFFFF_FFFF]
            program += _both(_IPV6, (8, 24), words)
    for mac in watch.macs:
        for offset in (0, 6):
            program += [
                Instruction(_LOAD_WORD, 0, 0, offset),
                Instruction(_JUMP_EQUAL, 0, 3, mac >> 16),
                Instruction(_LOAD_HALF, 0, 0, offset + 4),
                Instruction(_JUMP_EQUAL, 0, 1, mac & 0xFFFF),
                Instruction(_RETURN, 0, 0, ACCEPT_BYTES),
            ]
    program.append(Instruction(_RETURN, 0, 0, 0))
    return program


def _both(protocol: int, offsets: tuple[int, int], words: list[int]) -> list[Instruction]:
    """Blocks that accept packets with this address as source or as destination."""
    program: list[Instruction] = []
    for offset in offsets:
        tests = [(_PROTOCOL, protocol)]
        tests += [(_NETWORK + offset + 4 * i, word) for i, word in enumerate(words)]
        for number, (place, value) in enumerate(tests):
            remaining = 2 * (len(tests) - number) - 1
            program.append(Instruction(_LOAD_WORD, 0, 0, place))
            program.append(Instruction(_JUMP_EQUAL, 0, remaining, value))
        program.append(Instruction(_RETURN, 0, 0, ACCEPT_BYTES))
    return program


def attach_filter(raw: socket.socket, program: list[Instruction]) -> None:
    """Put the program before a socket.

    Raises OSError when the kernel refuses it, ValueError when it is too long.
    """
    if len(program) > _MAX_INSTRUCTIONS:
        raise ValueError(f"a filter has at most {_MAX_INSTRUCTIONS} instructions")
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code)
    raw.setsockopt(
        socket.SOL_SOCKET,
        _SO_ATTACH_FILTER,
        struct.pack("HL", len(program), ctypes.addressof(buffer)),
    )
