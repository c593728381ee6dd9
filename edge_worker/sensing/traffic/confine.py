"""Takes every right from the capture process that it doesn't need (Linux).

After `confine` it can read what it has open and write to one pipe: no new socket, no
connection, no program, no file of any size. What parses the bytes of strangers should not
be able to tell anybody about them. seccomp: Linux Documentation/userspace-api/seccomp_filter.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Mapping
from typing import NamedTuple

_NOBODY = 65_534
_MEMORY_BYTES = 512 << 20
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAP_AMBIENT = 38, 22, 47
_SECCOMP_MODE_FILTER, _CAP_AMBIENT_CLEAR_ALL = 2, 4
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0001  # refuse: the call fails with EPERM
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_X32_BIT = 0x4000_0000


class _Architecture(NamedTuple):
    """Its audit number, the calls to refuse, and those that write to a descriptor."""

    audit: int
    refused: tuple[int, ...]
    writes: tuple[int, ...]


# refused: sockets (socket connect accept sendto sendmsg bind listen socketpair accept4
# sendmmsg), copies between descriptors (sendfile splice tee vmsplice), programs and other
# processes (execve execveat ptrace process_vm_writev io_uring_setup unshare setns).
# writes: write pwrite64 writev pwritev pwritev2.
_ARCHITECTURES: Mapping[str, _Architecture] = {
    "x86_64": _Architecture(
        audit=0xC000_003E,
        refused=(
            *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),
            *(40, 275, 276, 278, 59, 322, 101, 311, 425, 272, 308),
        ),
        writes=(1, 18, 20, 296, 328),
    ),
    "aarch64": _Architecture(
        audit=0xC000_00B7,
        refused=(
            *(198, 203, 202, 206, 211, 200, 201, 199, 242, 269),
            *(71, 76, 77, 75, 221, 281, 117, 271, 425, 97, 268),
        ),
        writes=(64, 68, 66, 70, 287),
    ),
}


def confine(output: int, *, network: bool = False) -> bool:
    """Give up all rights but reading open descriptors and writing to `output`.

    network: keep sockets, for a source that must ask a server. Returns whether the kernel
    enforces the rest; False on a processor without a filter here. Import everything before:
    another user may be unable to read the program's files.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _limit_resources()
    libc.prctl(_PR_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    else:
        _drop_capabilities(libc)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    architecture = _ARCHITECTURES.get(platform.machine())
    if network or architecture is None:
        return network
    code = b"".join(struct.pack("HBBI", *line) for line in _filter(architecture, output))
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(code) // 8, ctypes.addressof(buffer))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0) == 0)


def _limit_resources() -> None:
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    memory = pages * resource.getpagesize() + _MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Clear all three sets; the descriptors that needed them are open."""
    header = struct.pack("II", 0x2008_0522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    libc.capset(header, bytes(24))


def _filter(architecture: _Architecture, output: int) -> list[tuple[int, int, int, int]]:
    """The BPF program: (code, jump if true, jump if false, constant)."""
    refused, writes = architecture.refused, architecture.writes
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_EQUAL, 1, 0, architecture.audit),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for number in refused:
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    for left, number in zip(range(len(writes), 0, -1), writes, strict=True):
        # To the check of the descriptor, which follows the list and one return.
        program.append((_JUMP_EQUAL, left, 0, number))
    program += [
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_EQUAL, 0, 1, output),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return program
