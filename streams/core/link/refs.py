"""References (referenser) of an event as tokens: equal for the same person or thing, and worthless without the key.

Persons, plates, wallets and serials are compared only in this form (docs/adr/0014).
"""

import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from streams.core.link.keys import CLASSES, MatchKeys, class_of
from streams.core.link.windows import Windows
from streams.core.share.access import MINOR_AGE_BANDS

Token = tuple[str, bytes]
#: A kind as pointers name it, and what is compared: who gave it, and its text. Equal texts of two givers differ.
Reference = tuple[str, str, str]

TOKEN_BYTES: Final = 16
#: An event has so many tokens of one generation of keys at most: 40 references of class 2, 60 of class 3, 120 of class
#: 4. While keys rotate it has twice as many, of the same references: a rotation loses none.
MOST_TOKENS: Final = 120
_NETWORK_CLASS: Final = 3
_MAX_CACHED: Final = 50_000
#: Only these are looked for elsewhere. A victim or a witness does not become searchable by having been named (B04).
_COMPARED: Final = frozenset({"suspect", "suspected_activity", "convicted"})
#: Fields of payloads that refer to a person or a thing: kind, and who gave the text. Hashes of one kind are one
#: name space, whatever field they stand in; the ``child_ref`` of a concern is never among them.
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "vehicle_plate": ("vehicle", "plate"),
    "vendor_handle_norm": ("account", "handle"),
    "handle_hash": ("account", "hash"),
    "account_hash": ("account", "hash"),
    "account_from": ("account", "hash"),
    "account_to": ("account", "hash"),
    "ballistic_ref": ("weapon", "ballistic"),
}
_PERSON_LISTS: Final = ("recruiter_refs", "suppliers_refs")


class Tokens:
    """Makes the tokens of events. Pure, but for a cache of references that come again.

    Shape: ``windows`` does the like for planned operations, by the same keys.
    """

    def __init__(self, keys: MatchKeys) -> None:
        self._keys = keys
        self.windows = Windows(keys)
        self._of = lru_cache(_MAX_CACHED)(_tokens)

    def of(self, event: Mapping[str, Any]) -> tuple[Token, ...]:
        """The tokens of an assessed event, each with the kind that a pointer names; none for most events.

        Shape: of the first references that it names, persons first, then things (``MOST_TOKENS``); under the key of the
        event's own class and those above it, so that two events meet under the key of
        the more sensitive one, and a key that leaks opens nothing above its class.
        """
        references = dict.fromkeys(references_of(event))
        if not references:
            return ()
        keys = self.keys_of(event)
        most = MOST_TOKENS // sum(each >= class_of(event) for each in CLASSES)
        found = (token for reference in islice(references, most) for token in self.of_one(reference, keys))
        return tuple(dict.fromkeys(found))

    def keys_of(self, event: Mapping[str, Any]) -> tuple[bytes, ...]:
        """The keys under which an event's references are compared."""
        level = class_of(event)
        classes = tuple(each for each in CLASSES if each >= level)
        at: datetime = event.get("published_at") or event["reported_at"]
        return tuple(generation.keys[each] for generation in self._keys.at(at) for each in classes)

    def of_one(self, reference: Reference, keys: tuple[bytes, ...]) -> tuple[Token, ...]:
        """The tokens of one reference, one for each of these keys."""
        return self._of(reference, keys)

    def of_network(self, name: str, at: datetime) -> tuple[bytes, ...]:
        """Tokens of a network's name at a time, under the current keys and, while they are needed, the former ones.

        Shape: under the key of class 3 alone. Of class 4 nothing is remembered that could be asked for by it, and what
        is below is compared with class 3 too.
        """
        said = f"network\0{name}".encode()
        return tuple(
            hmac.digest(generation.keys[_NETWORK_CLASS], said, "sha256")[:TOKEN_BYTES]
            for generation in self._keys.at(at)
        )


def references_of(event: Mapping[str, Any]) -> Iterator[Reference]:
    """What an event refers to, of what may be looked for elsewhere.

    Protected people, minors and whoever is not suspected stay out, and so does all of a minor offence of own use.
    """
    if (event.get("enrichment") or {}).get("own_use_minor_offence_only"):
        return
    for person in event.get("persons") or ():
        if _comparable(person):
            yield "person", "ref", person["ref"]
    for thing in event.get("objects") or ():
        yield str(thing["kind"]), "hash", thing["ref"]
    yield from _in_payload(event.get("payload") or {})


def _in_payload(payload: Mapping[str, Any]) -> Iterator[Reference]:
    for name, (kind, giver) in _FIELDS.items():
        if value := payload.get(name):
            yield kind, giver, value
    for name in _PERSON_LISTS:
        for value in payload.get(name) or ():
            yield "person", "ref", value
    yield from _wallets(payload.get("wallets") or ())
    yield from (
        ("weapon", "hash", item["serial_hash"]) for item in payload.get("items") or () if item.get("serial_hash")
    )
    yield from (("person", "ref", each["ref"]) for each in payload.get("targets") or () if each["kind"] == "actor")


def _comparable(person: Mapping[str, Any]) -> bool:
    return (
        person["category"] in _COMPARED
        and not person.get("protected")
        and person.get("age_band") not in MINOR_AGE_BANDS
    )


def _wallets(wallets: Any) -> Iterator[Reference]:
    """Wallets and their clusters; one of a service (exchange, mixer) joins nobody (clarification 59)."""
    for wallet in wallets:
        if not wallet.get("is_service"):
            yield "wallet", str(wallet["chain"]), wallet["address_norm"]
            if cluster := wallet.get("cluster_ref"):
                yield "wallet", "cluster", cluster


def _tokens(reference: Reference, keys: tuple[bytes, ...]) -> tuple[Token, ...]:
    kind, giver, text = reference
    said = f"{kind}\0{giver}\0{text}".encode()
    return tuple((kind, hmac.digest(key, said, "sha256")[:TOKEN_BYTES]) for key in keys)
