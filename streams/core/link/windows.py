"""Windows of planned operations (insatsfönster): where and when they will be, as keyed blocks, and sealed to compare.

A copy of what lanes remember must not show where the police will be. Without the keys a window can neither be read
nor guessed at: its blocks are HMACs of cells and spans of time, its place and times are encrypted (docs/adr/0014).
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from streams.core.link.form import BLOCK_BYTES
from streams.core.link.keys import CLASSES, Generation, MatchKeys, class_of

_BLOCKS: Final = b"operation blocks"
_SEAL: Final = b"operation seal"


class Windows:
    """Makes keyed blocks of windows, seals them and opens them. Pure.

    Shape: as with references, under the key of the event's own class and those above it, and under the former keys
    too while these are needed; sealed under the key of its own class.
    """

    def __init__(self, keys: MatchKeys) -> None:
        self._keys = keys
        self._opened = lru_cache(4096)(self._open)

    def blocks(self, event: Mapping[str, Any], kind: bytes, parts: Iterable[tuple[object, ...]]) -> Iterator[bytes]:
        """The blocks of cells and spans: two windows share one if they share a part, and nobody can make one."""
        level, said = class_of(event), ["\0".join(map(str, each)).encode() for each in parts]
        for generation in self._at(event):
            for key in (_derived(generation.keys[each], _BLOCKS) for each in CLASSES if each >= level):
                yield from (kind + hmac.digest(key, each, "sha256")[: BLOCK_BYTES - 1] for each in said)

    def seal(self, event: Mapping[str, Any], said: Any) -> str:
        """Some values of an event, encrypted: the same for the same values and key."""
        generation = next(iter(self._at(event)))
        return _cipher(generation, class_of(event)).encrypt(orjson.dumps(said, default=list), None).hex()

    def open(self, sealed: str) -> Any:
        """The values; None when no key in use opens them."""
        return self._opened(sealed)

    def _open(self, sealed: str) -> Any:
        data = bytes.fromhex(sealed)
        for generation in filter(None, self._keys):
            for level in CLASSES:
                try:
                    return orjson.loads(_cipher(generation, level).decrypt(data, None))
                except InvalidTag:
                    continue
        return None

    def _at(self, event: Mapping[str, Any]) -> Iterator[Generation]:
        at: datetime = event.get("published_at") or event["reported_at"]
        return self._keys.at(at)


def _cipher(generation: Generation, level: int) -> AESSIV:
    """AES-SIV: deterministic, so that a replay says the same."""
    return AESSIV(_derived(generation.keys[level], _SEAL))


def _derived(key: bytes, use: bytes) -> bytes:
    """A key for one use alone."""
    return hmac.digest(key, use, "sha512")
