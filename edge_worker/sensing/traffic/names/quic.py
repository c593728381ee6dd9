"""QUIC: the ClientHello in a client's first packets.

Initial packets are encrypted with keys that anybody can derive from the packet itself
(RFC 9001 section 5.2, RFC 9369 for version 2): that keeps out middleboxes by accident, not
readers. Older Google versions up to Q046 carry their own CHLO message in the open.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass, field

from edge_worker.sensing.traffic.names.host import shown_name
from edge_worker.sensing.traffic.names.tls import MAX_HELLO_BYTES, Hello, hello_from_handshake

VERSION_1, VERSION_2 = 1, 0x6B3343CF
_V2_DRAFTS = (0x709A50C4, 0xFF020000)
# Packets of one conversation. A ClientHello with post-quantum keys fills two of them;
# retransmissions come on top.
MAX_DECRYPTIONS = 12
_TAG_BYTES = 16

_SALT_1 = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
_SALT_2 = bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9")
_SALT_2_DRAFT = bytes.fromhex("a707c203a59b47184a1d62ca570406ea7ae3e5d3")
_SALT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")
_SALT_23 = bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502")
_SALT_22 = bytes.fromhex("7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a")
_SALT_Q50 = bytes.fromhex("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45")
_SALT_T50 = bytes.fromhex("7ff579e5acd072915580304c43a2367c60488310")
_SALT_T51 = bytes.fromhex("7a4edef4e7ccee5fa4506c19124fc8ccda6e033d")
_NAMED_SALTS = {
    VERSION_1: _SALT_1,
    VERSION_2: _SALT_2,
    _V2_DRAFTS[0]: _SALT_2_DRAFT,
    _V2_DRAFTS[1]: _SALT_2_DRAFT,
    0x51303530: _SALT_Q50,
    0x54303530: _SALT_T50,
    0x54303531: _SALT_T51,
}


def looks_like_quic(data: bytes) -> bool:
    """Whether a datagram is a QUIC packet that may hold (part of) a ClientHello."""
    if len(data) < 20:
        return False
    if data[0] & 0x80:
        version = int.from_bytes(data[1:5])
        return bool(_salts(version)) or _is_google(version)
    return bool(data[0] & 0x01) and _is_google(int.from_bytes(data[9:13]))


@dataclass
class QuicProbe:
    """Collects the ClientHello of one conversation, datagram by datagram."""

    _connection_id: bytes | None = None
    _pieces: dict[int, bytes] = field(default_factory=dict)
    _stored: int = 0
    decryptions: int = 0

    @property
    def exhausted(self) -> bool:
        """Enough was tried; the name will not come."""
        return self.decryptions >= MAX_DECRYPTIONS

    def feed(self, datagram: bytes, *, whole: bool = True) -> Hello | None:
        """Take a datagram of the client; a hello as soon as it holds a name or is complete.

        whole: the capture holds the datagram to its end. A cut one is read as far as it
        goes, without the check of its authentication tag.
        """
        for packet in _initial_packets(datagram):
            if packet.google:
                return google_hello(datagram)
            if self.exhausted:
                return None
            self.decryptions += 1
            plain = self._decrypt(packet, whole)
            if plain is None:
                continue
            if packet.version >> 8 in (0x513035, 0x513034):
                return google_hello(plain)
            self._collect(plain)
        return self._hello()

    def _decrypt(self, packet: _Initial, whole: bool) -> bytes | None:
        # The keys come from the first destination the client chose; after a Retry, from
        # the one it was given.
        if self._connection_id is None:
            self._connection_id = packet.connection_id
        for connection_id in dict.fromkeys((self._connection_id, packet.connection_id)):
            for salt in _salts(packet.version):
                plain = initial_keys(packet.version, salt, connection_id).open(packet, whole)
                if plain is not None:
                    self._connection_id = connection_id
                    return plain
        return None

    def _collect(self, plain: bytes) -> None:
        for offset, piece in _crypto_frames(plain):
            known = self._pieces.get(offset, b"")
            if offset + len(piece) > MAX_HELLO_BYTES or len(piece) <= len(known):
                continue
            self._stored += len(piece) - len(known)
            if self._stored > 2 * MAX_HELLO_BYTES:
                return
            self._pieces[offset] = piece

    def _hello(self) -> Hello | None:
        joined = bytearray()
        for offset, piece in sorted(self._pieces.items()):
            if offset > len(joined):
                break
            joined[offset : offset + len(piece)] = piece
        return hello_from_handshake(bytes(joined)) if joined else None


@dataclass(frozen=True, kw_only=True)
class _Initial:
    """One long-header packet: `start` to `end` in `data`, packet number at `number_at`."""

    data: bytes
    start: int
    number_at: int
    end: int
    version: int
    connection_id: bytes
    google: bool = False


@dataclass(frozen=True, kw_only=True)
class InitialKeys:
    """Keys of a client's Initial packets."""

    key: bytes
    iv: bytes
    mask_key: bytes

    def mask(self, sample: bytes) -> bytes:
        """Header protection mask for a sample of 16 bytes."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        encryptor = Cipher(algorithms.AES(self.mask_key), modes.ECB()).encryptor()
        return encryptor.update(sample)

    def nonce(self, number: int) -> bytes:
        """The nonce for a packet number."""
        return (int.from_bytes(self.iv) ^ number).to_bytes(12)

    def open(self, packet: _Initial, whole: bool) -> bytes | None:
        """The plain frames of a packet, None when the keys don't fit."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        data, at = packet.data, packet.number_at
        if at + 20 > len(data):
            return None
        mask = self.mask(data[at + 4 : at + 20])
        first = data[packet.start] ^ (mask[0] & 0x0F)
        size = (first & 3) + 1
        number_bytes = bytes(a ^ b for a, b in zip(data[at : at + size], mask[1:], strict=False))
        nonce = self.nonce(int.from_bytes(number_bytes))
        sealed = data[at + size : packet.end]
        if not whole or packet.end > len(data):
            # GCM is counter mode with a tag; its counter starts at 2.
            counter = modes.CTR(nonce + b"\0\0\0\2")
            return Cipher(algorithms.AES(self.key), counter).decryptor().update(sealed)
        header = bytes([first]) + data[packet.start + 1 : at] + number_bytes
        if len(sealed) < _TAG_BYTES:
            return None
        try:
            return AESGCM(self.key).decrypt(nonce, sealed, header)
        except InvalidTag:
            return None


def initial_keys(version: int, salt: bytes, connection_id: bytes) -> InitialKeys:
    """Derive a client's Initial keys (RFC 9001 section 5.2, RFC 9369 section 3.3)."""
    label = b"quicv2 " if version in (VERSION_2, *_V2_DRAFTS) else b"quic "
    secret = hmac.digest(salt, connection_id, "sha256")
    client = _expand(secret, b"client in", 32)
    return InitialKeys(
        key=_expand(client, label + b"key", 16),
        iv=_expand(client, label + b"iv", 12),
        mask_key=_expand(client, label + b"hp", 16),
    )


def initial_salt(version: int) -> bytes:
    """The salt of a published version, for those who write packets."""
    return _NAMED_SALTS[version]


def _expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label of TLS 1.3 for at most 32 bytes."""
    full = b"tls13 " + label
    info = struct.pack(">HB", size, len(full)) + full + b"\0\1"
    return hmac.digest(secret, info, "sha256")[:size]


def _salts(version: int) -> tuple[bytes, ...]:
    """Salts that a version may use; none when it is not one that is understood."""
    named = _NAMED_SALTS.get(version)
    if named is not None:
        return (named,)
    draft = version & 0xFF
    if version >> 8 == 0xFF0000:
        if draft >= 33:
            return (_SALT_1,)
        if draft >= 29:
            return (_SALT_29,)
        return (_SALT_23,) if draft >= 23 else (_SALT_22,)
    # Facebook's own versions, and those that only provoke a negotiation: one will fit.
    if version >> 8 == 0xFACEB0 or version & 0x0F0F_0F0F == 0x0A0A_0A0A:
        return (_SALT_1, _SALT_29, _SALT_23, _SALT_22)
    return ()


def _is_google(version: int) -> bool:
    """Q009 to Q059, as ASCII."""
    return version >> 16 == 0x5130 and 0x3030 <= version & 0xFFFF <= 0x3539


def _initial_packets(data: bytes) -> list[_Initial]:
    """The Initial packets that share a datagram."""
    found: list[_Initial] = []
    start = 0
    while start + 20 <= len(data) and len(found) < 4:
        version = int.from_bytes(data[start + 1 : start + 5])
        if not data[start] & 0x80 or (_is_google(version) and version < 0x51303530):
            if not start:
                found.append(
                    _Initial(
                        data=data,
                        start=0,
                        number_at=0,
                        end=0,
                        version=version,
                        connection_id=b"",
                        google=True,
                    )
                )
            break
        if not _salts(version):
            break
        packet = _long_header(data, start, version)
        if packet is None:
            break
        kind = (data[start] >> 4) & 3
        if kind == (1 if version in (VERSION_2, *_V2_DRAFTS) else 0):
            found.append(packet)
        start = packet.end
    return found


def _long_header(data: bytes, start: int, version: int) -> _Initial | None:
    position = start + 5
    try:
        size = data[position]
        if size > 20:
            return None
        connection_id = data[position + 1 : position + 1 + size]
        position += 1 + size
        position += 1 + data[position]
        token, position = _varint(data, position)
        position += token
        length, position = _varint(data, position)
    except IndexError:
        return None
    if position >= len(data) or length < 20:
        return None
    return _Initial(
        data=data,
        start=start,
        number_at=position,
        end=position + length,
        version=version,
        connection_id=connection_id,
    )


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A variable-length integer (RFC 9000 section 16) and the place behind it."""
    size = 1 << (data[position] >> 6)
    if position + size > len(data):
        raise IndexError
    value = int.from_bytes(data[position : position + size])
    return value & ((1 << (8 * size - 2)) - 1), position + size


def _crypto_frames(plain: bytes) -> list[tuple[int, bytes]]:
    """Offset and bytes of each CRYPTO frame; stops at the first frame that is damaged."""
    found = []
    position = 0
    try:
        while position < len(plain):
            kind = plain[position]
            if kind == 0:  # padding, often a thousand bytes of it
                position = len(plain) - len(plain[position:].lstrip(b"\0"))
                continue
            position += 1
            if kind in (2, 3):
                position = _skip_ack(plain, position, ecn=kind == 3)
            elif kind in (6, 8):  # 8 in Google's T050
                offset, position = _varint(plain, position)
                size, position = _varint(plain, position)
                found.append((offset, plain[position : position + size]))
                position += size
            elif kind > 1:
                break
    except IndexError:
        pass  # cut within a frame: those before it are good
    return found


def _skip_ack(plain: bytes, position: int, *, ecn: bool) -> int:
    _, position = _varint(plain, position)
    _, position = _varint(plain, position)
    ranges, position = _varint(plain, position)
    for _ in range(1 + 2 * min(ranges, 256) + (3 if ecn else 0)):
        _, position = _varint(plain, position)
    return position


def google_hello(data: bytes) -> Hello | None:
    """The SNI tag of a Google CHLO message (QUIC Crypto), wherever it starts."""
    start = data.find(b"CHLO")
    if start < 0 or start + 8 > len(data):
        return None
    (count,) = struct.unpack_from("<H", data, start + 4)
    values = start + 8 + 8 * count
    begin = 0
    for entry in range(min(count, 128)):
        at = start + 8 + 8 * entry
        if at + 8 > len(data):
            break
        tag, end = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if tag == b"SNI\0" and begin <= end and values + end <= len(data):
            return Hello(name=shown_name(data[values + begin : values + end]))
        begin = end
    return Hello(name=None, complete=False)
