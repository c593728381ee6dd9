"""Messages as JSON and back: whatever is not a message is refused, with the field's name."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

CONTRACT_VERSION = 1
# The largest real message is the catalogue: about 400 bytes for each tool. Anything near
# this bound is a mistake or an attack, and is refused before it is parsed.
MAX_PAYLOAD_BYTES = 262_144

MessageT = TypeVar("MessageT")


class MessageError(ValueError):
    """A payload that is not a valid message; `field` names the place, "" the whole."""

    def __init__(self, reason: str, field: str = "") -> None:
        self.reason = reason
        self.field = field
        super().__init__(f"{field}: {reason}" if field else reason)


class ContractVersionError(MessageError):
    """A message of another contract version: one of the two programs needs an update."""

    def __init__(self, found: object) -> None:
        self.found = found
        super().__init__(f"contract version {found!r}, this side speaks {CONTRACT_VERSION}", "v")


def encode(message: Any) -> bytes:
    """Turn a message into its payload.

    Raises ValueError for a number that JSON cannot carry (NaN, infinity).
    """
    body = {"v": CONTRACT_VERSION, **to_dict(message)}
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def decode(kind: type[MessageT], payload: bytes | bytearray | str) -> MessageT:
    """Read a payload as a message of this kind.

    Raises MessageError, which names the field, for anything that is not one, and
    ContractVersionError for a message of another version.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} are allowed")
    try:
        data = json.loads(payload, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"not JSON in UTF-8 ({type(error).__name__})") from error
    if not isinstance(data, dict):
        raise MessageError("not a JSON object")
    if data.get("v") != CONTRACT_VERSION or isinstance(data.get("v"), bool):
        raise ContractVersionError(data.get("v"))
    return from_dict(kind, data)


def to_dict(message: Any) -> dict[str, Any]:
    """The message as plain JSON types, without the version."""
    return {item.name: _plain(getattr(message, item.name)) for item in dataclasses.fields(message)}


def from_dict(kind: type[MessageT], data: object, path: str = "") -> MessageT:
    """Build a dataclass of the contract from plain JSON types; unknown fields are ignored.

    Raises MessageError naming the field.
    """
    if not isinstance(data, Mapping):
        raise MessageError(f"expected an object, got {type(data).__name__}", path)
    values: dict[str, Any] = {}
    for name, (hint, required) in _fields(typing.cast(typing.Hashable, kind)).items():
        here = f"{path}.{name}" if path else name
        if name in data:
            values[name] = _read(hint, data[name], here)
        elif required:
            raise MessageError("missing", here)
    return kind(**values)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is too large")
    return number


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_dict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Field name → (type, is it required)."""
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind!r} is not a message")
    hints = typing.get_type_hints(kind)
    missing = dataclasses.MISSING
    return {
        item.name: (hints[item.name], item.default is missing and item.default_factory is missing)
        for item in dataclasses.fields(kind)
    }


def _read(hint: Any, value: Any, path: str) -> Any:
    """Check `value` against a type hint of a message and convert it."""
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _read_union(typing.get_args(hint), value, path)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise MessageError(f"expected a list, got {type(value).__name__}", path)
        inner = typing.get_args(hint)[0]
        return tuple(_read(inner, item, f"{path}[{i}]") for i, item in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise MessageError(f"expected an object, got {type(value).__name__}", path)
        inner = typing.get_args(hint)[1]
        return {str(key): _read(inner, item, f"{path}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return from_dict(typing.cast(type[Any], hint), value, path)
    if issubclass(hint, StrEnum):
        try:
            return hint(value)
        except ValueError as error:
            allowed = ", ".join(hint)
            raise MessageError(f"{value!r} is none of: {allowed}"[:300], path) from error
    return _read_scalar(hint, value, path)


def _read_union(options: tuple[Any, ...], value: Any, path: str) -> Any:
    if value is None and type(None) in options:
        return None
    # bool before numbers, since Python counts True as an int; whole numbers stay whole.
    exact = [option for option in options if option is type(value)]
    if exact:
        return _read(exact[0], value, path)
    errors = []
    for option in options:
        if option is type(None):
            continue
        try:
            return _read(option, value, path)
        except MessageError as error:
            errors.append(error)
    raise errors[0] if len(errors) == 1 else MessageError(f"unexpected {value!r:.80}", path)


def _read_scalar(hint: type[Any], value: Any, path: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as error:
            raise MessageError("a number too large", path) from error
    if isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise MessageError(f"expected {hint.__name__}, got {type(value).__name__}", path)
