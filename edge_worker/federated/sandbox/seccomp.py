"""A seccomp filter for the job: the system calls that would get around the other limits.

Namespaces already hide the network, other processes and files. What is refused here are
ways to hold memory that no limit counts (memfd, System V shared memory), kernel surfaces
that a training job never needs (bpf, io_uring, keys, perf, userfaultfd), and another look
at what the namespaces refuse anyway (sockets, mounts, new namespaces, tracing).
The filter is classic BPF as in seccomp(2): one comparison for each refused call.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000 | errno.EPERM
# Offsets in `struct seccomp_data`: the call's number, then the architecture.
_NUMBER, _ARCHITECTURE = 0, 4
# Calls of the x32 ABI carry this bit; they would dodge a list of plain numbers.
_X32_BIT = 0x40000000


@dataclass(frozen=True, kw_only=True)
class _Machine:
    audit: int
    """AUDIT_ARCH_* of linux/audit.h."""
    refused: tuple[int, ...]


# In the order: socket, ptrace, process_vm_readv, process_vm_writev, mount, pivot_root,
# unshare, setns, shmget, semget, msgget, memfd_create, memfd_secret, add_key, request_key,
# keyctl, bpf, perf_event_open, userfaultfd, io_uring_setup, kexec_load.
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        refused=(
            *(41, 101, 310, 311, 165, 155, 272, 308, 29, 64, 68),
            *(319, 447, 248, 249, 250, 321, 298, 323, 425, 246),
        ),
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        refused=(
            *(198, 117, 270, 271, 40, 41, 97, 268, 194, 190, 186),
            *(279, 447, 217, 218, 219, 280, 241, 282, 425, 104),
        ),
    ),
}


def program(machine: str | None = None) -> bytes | None:
    """The filter as `struct sock_filter[]` for this machine, None where none is known."""
    known = _MACHINES.get(machine or platform.machine())
    if known is None:
        return None
    code = [
        _instruction(_LOAD_WORD, value=_ARCHITECTURE),
        _instruction(_JUMP_EQUAL, value=known.audit, true=1),
        _instruction(_RETURN, value=_KILL_PROCESS),
        _instruction(_LOAD_WORD, value=_NUMBER),
        _instruction(_JUMP_AT_LEAST, value=_X32_BIT, false=1),
        _instruction(_RETURN, value=_REFUSE),
    ]
    for number in known.refused:
        code.append(_instruction(_JUMP_EQUAL, value=number, false=1))
        code.append(_instruction(_RETURN, value=_REFUSE))
    code.append(_instruction(_RETURN, value=_ALLOW))
    return b"".join(code)


def _instruction(code: int, *, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, true, false, value)
