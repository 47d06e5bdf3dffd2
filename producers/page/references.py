"""Numbers that must not travel in clear: the gateway makes keyed hashes of what somebody typed, on the way to the bus.

Source: domain event catalogue, sections 1 and 5.4 (a hash is keyed, never plain); docs/adr/0014, docs/adr/0026.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from producers.page.forms import fields_of, forms
from schemas.model import KEYED_HASH

KEY_BYTES: Final = 32
_HASH: Final = re.compile(KEYED_HASH)
#: What the number is of, where the field's own name does not say it: the same thing has the same hash in every field.
_MEANT: Final[Mapping[str, str]] = {"case_ref": "case"}
#: Numbers that only their own unit can tell apart.
_OF_THE_UNIT: Final = frozenset({"source_key"})
_LONGEST: Final = 200


class References:
    """Makes the hashes under one key.

    Shape: the same text of the same kind gives the same hash, however it is spaced, dashed or capitalised. What has
    the form of a hash already is left as it is. Errors: ``ValueError`` for a key of another length.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key of references has {KEY_BYTES} bytes")
        self._key = key

    def __repr__(self) -> str:
        """Nothing of the key."""
        return "References()"

    def sealed(self, event: Mapping[str, Any], unit: str) -> dict[str, Any]:
        """The event of a unit with a hash in each place where one belongs and a text stands.

        Errors: none raised; what is no text, empty or too long stays as it is, for validation to point at.
        """
        made: dict[str, Any] = deepcopy(dict(event))
        for place in _places(str(event.get("event_type"))):
            for holder in _holders(made, place[:-1]):
                self._seal(holder, place[-1], unit)
        return made

    def _seal(self, holder: dict[str, Any], name: str, unit: str) -> None:
        text = holder.get(name)
        if not isinstance(text, str) or len(text) > _LONGEST or _HASH.fullmatch(text):
            return
        plain = "".join(letter for letter in text.casefold() if letter.isalnum())
        if plain:
            holder[name] = self._hash(_kind(holder, name), unit if name in _OF_THE_UNIT else "", plain)

    def _hash(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(("sambus", *parts)).encode(), sha256).hexdigest()


def _kind(holder: Mapping[str, Any], name: str) -> str:
    """What a number is of: an object says its kind itself."""
    if name == "ref":
        return str(holder.get("kind"))
    return _MEANT.get(name, name)


@lru_cache(maxsize=64)
def _places(event_type: str) -> tuple[tuple[str, ...], ...]:
    """Where keyed hashes stand in an event of a type, as the names on the way; none for a type without a form."""
    form = next((form for form in forms() if form["type"] == event_type), None)
    if form is None:
        return ()
    return tuple(tuple(at[1:].split("/")) for at, field in fields_of(form) if field["kind"] == "reference")


def _holders(value: Any, way: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Every mapping that a way leads to; ``*`` goes through a list."""
    if not way:
        if isinstance(value, dict):
            yield value
    elif way[0] == "*":
        for each in value if isinstance(value, list) else ():
            yield from _holders(each, way[1:])
    elif isinstance(value, dict):
        yield from _holders(value.get(way[0]), way[1:])
