"""Encryption of events that hold sealed fields, from whoever publishes them to the lanes that decide on them.

An event that holds one is encrypted whole (AES-SIV, RFC 5297), under the key of its class: topics, disks of brokers and
states of lanes hold nothing else of it. Keys come from those under which references are compared, so that rotation is
one. Whoever may write such events needs the keys for sealing alone, from which the others cannot be made.
"""

import hmac
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from pydantic import Field

from schemas.catalogue import EVENT_TYPES
from schemas.marks import sealed_fields
from schemas.model import Count, EventId, Model, Ref, fields_of
from schemas.vocabulary import LegalOrigin

#: Classes of sensitivity that have a key of their own: 2 and below, 3, and 4, which the registers have too.
SEAL_CLASSES: Final = (2, 3, 4)
SEALED: Final = "sealed_event"
_USE: Final = b"sealed fields"
_KEY_BYTES: Final = 64


class SealedEvent(Model):
    """An event that only workers, and whoever published it, can read. ``key`` and ``level`` name what opens ``box``."""

    event_type: Ref
    event_id: EventId
    key: Ref
    level: Annotated[Count, Field(ge=SEAL_CLASSES[0], le=SEAL_CLASSES[-1])]
    box: bytes


class SealKeysError(ValueError):
    """Keys for sealing that cannot be used; the text has the remedy, and nothing of a key."""


class SealKeys(NamedTuple):
    """The keys by their names: those to seal with, and those that open what is older. Each has one for each class."""

    current: str
    keys: Mapping[str, Mapping[int, bytes]]

    def __repr__(self) -> str:
        """Its name alone: keys stand in no log and no traceback."""
        return f"SealKeys({self.current})"


class Seals:
    """Seals and opens. Pure: the same event under the same key gives the same bytes, so that a retry is the same.

    Shape: ``closing`` is false for whoever only opens, as long as others cannot read what is sealed.
    """

    def __init__(self, keys: SealKeys, *, closing: bool = True) -> None:
        self.current = keys.current
        self.closing = closing
        self._ciphers = {
            (name, level): AESSIV(key) for name, levels in keys.keys.items() for level, key in levels.items()
        }

    def close(self, event_type: str, event: Mapping[str, Any], data: bytes) -> SealedEvent:
        """A whole event, encrypted. Shape: ``data`` is its record, ``event`` its fields."""
        event_id, level = str(event["event_id"]), seal_class(event)
        box = self._ciphers[self.current, level].encrypt(data, _bound_to(event_type, event_id))
        return SealedEvent.model_construct(
            event_type=event_type, event_id=event_id, key=self.current, level=level, box=box
        )

    def open(self, sealed: Mapping[str, Any]) -> bytes | None:
        """The record; None when no key here opens it, or it was changed. Shape: the fields of a ``SealedEvent``."""
        cipher = self._ciphers.get((sealed["key"], sealed["level"]))
        try:
            bound = _bound_to(sealed["event_type"], sealed["event_id"])
            return None if cipher is None else cipher.decrypt(sealed["box"], bound)
        except InvalidTag:
            return None


def seal_class(event: Mapping[str, Any]) -> int:
    """The class whose key an event is sealed with; a register's is the highest."""
    if of_register(event):
        return SEAL_CLASSES[-1]
    return min(max(SEAL_CLASSES[0], int(event.get("sensitivity") or 0)), SEAL_CLASSES[-1])


def of_register(event: Mapping[str, Any]) -> bool:
    """Whether an event is from a register behind a wall (the money-laundering register)."""
    said = event.get("legal_origin") == LegalOrigin.REGISTER
    return said or bool(fields_of(event["payload"]).get("register_source"))


def holds_sealed(event_type: str, event: Mapping[str, Any]) -> bool:
    """Whether an event says anything in a sealed field. Shape: a plain event, or the fields of its model."""
    return any(_says(event, path) for path in _paths(event_type))


def seal_key(match_key: bytes) -> bytes:
    """The key for sealing that goes with one for comparing; there is no way back."""
    return hmac.digest(match_key, _USE, "sha512")


def parse_seal_keys(data: bytes) -> SealKeys:
    """The keys of a file. Errors: ``SealKeysError``, which tells what is wrong and never a value."""
    try:
        said = json.loads(data)
    except ValueError:
        raise SealKeysError("it is not JSON; make it with `sambus keys sealing`") from None
    if not isinstance(said, dict) or said.keys() != {"current", "keys"} or not isinstance(said["keys"], dict):
        raise SealKeysError("it holds `current` and `keys`, and nothing else; make it with `sambus keys sealing`")
    if said["current"] not in said["keys"]:
        raise SealKeysError("`current` is not among its `keys`")
    return SealKeys(said["current"], {name: dict(_levels(name, levels)) for name, levels in said["keys"].items()})


def written_seal_keys(keys: SealKeys) -> bytes:
    """The keys as their file holds them."""
    said = {name: {str(level): key.hex() for level, key in levels.items()} for name, levels in keys.keys.items()}
    return json.dumps({"current": keys.current, "keys": said}, indent=2).encode() + b"\n"


def _levels(name: str, said: Any) -> Iterator[tuple[int, bytes]]:
    if not isinstance(said, dict) or said.keys() != set(map(str, SEAL_CLASSES)):
        raise SealKeysError(f"`{name}` has a key for each of the classes {', '.join(map(str, SEAL_CLASSES))}")
    for level in SEAL_CLASSES:
        try:
            key = bytes.fromhex(said[str(level)])
        except (TypeError, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise SealKeysError(f"each key of `{name}` is {_KEY_BYTES} bytes in hexadecimal digits")
        yield level, key


@lru_cache(maxsize=len(EVENT_TYPES))
def _paths(event_type: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path.split(".")) for path in sorted(sealed_fields(event_type)))


def _says(value: Any, path: tuple[str, ...]) -> bool:
    if isinstance(value, list):
        return any(_says(each, path) for each in value)
    if not path or value is None:
        return value is not None and value != []
    return _says(fields_of(value).get(path[0]), path[1:])


def _bound_to(event_type: str, event_id: str) -> list[bytes]:
    return [event_type.encode(), event_id.encode()]
