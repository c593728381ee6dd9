"""HTTP/1: the host of a request. Also SSDP, which is HTTP over UDP multicast."""

from __future__ import annotations

from edge_worker.sensing.traffic.names.host import shown_name, without_port

MAX_HEAD_BYTES = 8192
METHODS = (
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"OPTIONS ",
    b"CONNECT ",
    b"DELETE ",
    b"PATCH ",
    b"PROPFIND ",
    b"PROPPATCH ",
    b"MKCOL ",
    b"COPY ",
    b"MOVE ",
    b"LOCK ",
    b"UNLOCK ",
    b"SEARCH ",
    b"TRACE ",
    b"MERGE ",
    b"BITS_POST ",
    b"SSTP_DUPLEX_POST ",
    b"REPORT ",
    b"NOTIFY ",
    b"M-SEARCH ",
    b"SUBSCRIBE ",
    b"RPC_IN_DATA ",
    b"RPC_OUT_DATA ",
)


def looks_like_request(data: bytes) -> bool:
    """Whether a conversation that starts so is an HTTP/1 request."""
    return data.startswith(METHODS)


def request_host(data: bytes, *, keep_port: bool = False) -> tuple[str | None, bool]:
    """Host of the request that starts here, and whether its head was all there.

    The Host header counts; a proxy request or CONNECT names it in the first line too.
    """
    head, end, _ = data[:MAX_HEAD_BYTES].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    complete = bool(end) or len(data) >= MAX_HEAD_BYTES
    # A line that was cut may hold half a name.
    for line in lines[1:] if complete else lines[1:-1]:
        key, colon, value = line.partition(b":")
        if colon and key.strip().lower() == b"host":
            return _host(value, keep_port), True
    words = lines[0].split(b" ")
    if len(words) >= 2 and (len(lines) > 1 or complete):
        if words[0] == b"CONNECT":
            return _host(words[1], keep_port), True
        if words[1].startswith((b"http://", b"https://")):
            return _host(words[1].split(b"/", 3)[2], keep_port), True
    return None, complete


def _host(value: bytes, keep_port: bool) -> str | None:
    name = shown_name(value)
    return name if name is None or keep_port else without_port(name) or None
