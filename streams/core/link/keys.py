"""The keys under which references are compared: one for each class of sensitivity, now and before the last rotation.

Values in, values out: reading and writing the file is for others.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from schemas.admission import CLOCK_SKEW, ID_WINDOW
from schemas.sealing import SEAL_CLASSES, seal_class

#: Classes of sensitivity that have a key of their own: 2 and below, 3, and 4, which the registers have too.
CLASSES: Final = SEAL_CLASSES
#: For so long after a rotation the former keys are used too: as long as anything is remembered of an event.
LONGEST_WINDOW: Final = ID_WINDOW + CLOCK_SKEW + timedelta(days=1)
_KEY_BYTES: Final = 32


class KeysError(ValueError):
    """Keys that cannot be used; the text has the remedy, and nothing of a key."""


class Generation(NamedTuple):
    """The keys of one time, by class of sensitivity; ``until`` is the last day of former ones (UTC)."""

    name: str
    keys: Mapping[int, bytes]
    until: date | None = None

    def __repr__(self) -> str:
        """Its name alone: keys stand in no log and no traceback."""
        return f"Generation({self.name})"

    def holds_at(self, at: datetime) -> bool:
        """Whether an event that the bus took at this time is compared under these keys."""
        return self.until is None or at.astimezone(UTC).date() <= self.until


class MatchKeys(NamedTuple):
    """The keys in use, and the former ones as long as they are needed."""

    current: Generation
    previous: Generation | None = None

    def at(self, at: datetime) -> Iterator[Generation]:
        """The generations under which an event is compared that the bus took at this time."""
        yield self.current
        if self.previous is not None and self.previous.holds_at(at):
            yield self.previous


def class_of(event: Mapping[str, Any]) -> int:
    """The class whose keys an event may be compared under; a register's is the highest."""
    return seal_class(event)


def parse_keys(data: bytes) -> MatchKeys:
    """The keys of a file. Errors: ``KeysError``, which tells what is wrong and never a value."""
    try:
        said = json.loads(data)
    except ValueError:
        raise KeysError("it is not JSON; make it with `sambus keys make`") from None
    if not isinstance(said, dict) or not {"current"} <= said.keys() <= {"current", "previous"}:
        raise KeysError("it holds `current`, and `previous` after a rotation, and nothing else")
    former = said.get("previous")
    found = MatchKeys(
        _generation("current", said["current"], {"name", "keys"}),
        None if former is None else _generation("previous", former, {"name", "keys", "until"}),
    )
    given = [key for each in (found.current, found.previous) if each is not None for key in each.keys.values()]
    if len(set(given)) < len(given):
        raise KeysError("the same key stands there twice; a key that leaks would open more than its class")
    return found


def written_keys(keys: MatchKeys) -> bytes:
    """The keys as their file holds them."""
    said = {"current": _said(keys.current)}
    if keys.previous is not None:
        said["previous"] = _said(keys.previous)
    return json.dumps(said, indent=2).encode() + b"\n"


def made_keys(name: str, randomness: bytes) -> MatchKeys:
    """The first keys of a bus. Shape: ``randomness`` is 96 bytes that nobody can guess."""
    return MatchKeys(_made(name, randomness))


def rotated(keys: MatchKeys, name: str, randomness: bytes, today: date) -> MatchKeys:
    """New keys, with those in use as the former ones until the longest window has passed.

    Errors: ``KeysError`` when the former ones are still needed: events under them would find no match any more.
    """
    previous = keys.previous
    if previous is not None and previous.until is not None and today <= previous.until:
        raise KeysError(f"the former keys are needed until {previous.until}; rotate after that day")
    if name == keys.current.name:
        raise KeysError("the new keys need a name of their own")
    until = today + timedelta(days=LONGEST_WINDOW.days + 1)
    return MatchKeys(_made(name, randomness), keys.current._replace(until=until))


def _made(name: str, randomness: bytes) -> Generation:
    if len(randomness) != _KEY_BYTES * len(CLASSES):
        raise KeysError(f"{_KEY_BYTES * len(CLASSES)} random bytes make the keys")
    parts = (randomness[at : at + _KEY_BYTES] for at in range(0, len(randomness), _KEY_BYTES))
    return Generation(name, dict(zip(CLASSES, parts, strict=True)))


def _said(generation: Generation) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": generation.name,
        "keys": {str(level): key.hex() for level, key in generation.keys.items()},
    }
    return said if generation.until is None else said | {"until": generation.until.isoformat()}


def _generation(place: str, said: Any, names: set[str]) -> Generation:
    if not isinstance(said, dict) or said.keys() != names or not isinstance(said["name"], str) or not said["name"]:
        raise KeysError(f"`{place}` has {', '.join(sorted(names))}")
    keys = said["keys"]
    if not isinstance(keys, dict) or keys.keys() != set(map(str, CLASSES)):
        raise KeysError(f"`{place}` has a key for each of the classes {', '.join(map(str, CLASSES))}")
    return Generation(said["name"], {level: _key(place, keys[str(level)]) for level in CLASSES}, _until(place, said))


def _key(place: str, said: Any) -> bytes:
    try:
        key = bytes.fromhex(said)
    except (TypeError, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise KeysError(f"each key of `{place}` is {_KEY_BYTES} bytes in hexadecimal digits")
    return key


def _until(place: str, said: Mapping[str, Any]) -> date | None:
    if "until" not in said:
        return None
    try:
        return date.fromisoformat(said["until"])
    except (TypeError, ValueError):
        raise KeysError(f"`until` of `{place}` is a day, YYYY-MM-DD") from None
