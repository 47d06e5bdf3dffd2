"""Signatures of texts: they tell how like two texts are, and nobody can read a text from one.

A signature is a simhash: each word and each of its letter groups votes on every bit. Two signatures differ in a share
of their bits that grows with the angle between the texts, so that their likeness (cosine) is estimated without them.
Source: M. S. Charikar, "Similarity estimation techniques from rounding algorithms" (2002).
"""

import re
from functools import lru_cache
from hashlib import blake2b
from heapq import nsmallest
from importlib.resources import files
from math import cos, pi
from typing import Final, NamedTuple

from Stemmer import Stemmer

#: Bits of a signature: the likeness of texts at 0.85 is estimated with a standard error of about 0.03.
BITS: Final = 512
SIGNATURE_BYTES: Final = BITS // 8
#: The votes on a bit are counted in two bytes of a long number, so that one addition counts them all.
_LANE: Final = 2
_ONES: Final = int.from_bytes(b"\x00\x01" * BITS, "big")
_TOP: Final = 0x8000
#: So many different words vote at most; with these, no lane overflows.
_MAX_WORDS: Final = 1000
_AS_VOTES: Final = bytes.maketrans(b"01", b"\x00\x01")
_AS_DIGITS: Final = bytes(0x31 if byte & 0x80 else 0x30 for byte in range(256))

#: A word's stem votes as often as this many of its letter groups; a number must weigh more, for it tells most.
_STEM_VOTES: Final = 3
_NUMBER_VOTES: Final = 8
_GROUP: Final = 3
_MAX_GROUPS: Final = 24
_WORDS: Final = re.compile(r"[^\W_]+")
_SHINGLE: Final = 3
_STOP: Final = frozenset(
    line
    for line in (files("streams") / "matching" / "stop_words.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
_stemmer: Final = Stemmer("swedish")


class _Votes(NamedTuple):
    lanes: int
    votes: int


@lru_cache(maxsize=8)  # several ask for the words of one text, one after the other
def words_of(text: str) -> tuple[str, ...]:
    """The words that tell something, in lower case and in order."""
    return tuple(word for word in _WORDS.findall(text.casefold()) if word not in _STOP)


def signature(text: str) -> bytes:
    """The signature of a text: 64 bytes; empty when it has no word."""
    lanes, count = 0, 0
    for word in tuple(dict.fromkeys(words_of(text)))[:_MAX_WORDS]:
        votes = _votes(word)
        lanes += votes.lanes
        count += votes.votes
    if not count:
        return b""
    # A bit is set where more than half voted for it: lifted by this much, its count reaches the lane's top bit.
    lifted = lanes + _ONES * (_TOP - count // 2 - 1)
    high = lifted.to_bytes(BITS * _LANE, "big")[::_LANE]
    return int(high.translate(_AS_DIGITS), 2).to_bytes(SIGNATURE_BYTES, "big")


def likeness(one: bytes, other: bytes) -> float:
    """How like two texts are, by their signatures: 1 for the same words, about 0 for none in common."""
    if not one or not other:
        return 0.0
    differing = (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
    return max(0.0, cos(pi * differing / BITS))


def shingles(text: str, most: int, run: int = _SHINGLE) -> list[bytes]:
    """Digests of a few runs of words, the same few in every copy: a copy with changes shares some of them."""
    words = _stemmer.stemWords(words_of(text))
    runs = {" ".join(words[at : at + run]) for at in range(max(1, len(words) - run + 1))} if words else set()
    return nsmallest(most, (blake2b(run.encode(), digest_size=8).digest() for run in runs))


@lru_cache(maxsize=8192)
def _votes(word: str) -> _Votes:
    """How a word votes: its stem, and its letter groups, which outlive a slip of the pen."""
    if any(letter.isdigit() for letter in word):
        return _Votes(_NUMBER_VOTES * _lanes(word), _NUMBER_VOTES)
    stem = _stemmer.stemWord(word)
    framed = f"<{stem}>"
    groups = nsmallest(_MAX_GROUPS, {framed[at : at + _GROUP] for at in range(len(framed) - _GROUP + 1)})
    return _Votes(_STEM_VOTES * _lanes(stem) + sum(map(_lanes, groups)), _STEM_VOTES + len(groups))


def _lanes(feature: str) -> int:
    """The bits for which a feature votes, each in a lane of its own."""
    bits = int.from_bytes(blake2b(feature.encode(), digest_size=SIGNATURE_BYTES).digest(), "big")
    lanes = bytearray(BITS * _LANE)
    lanes[1::_LANE] = f"{bits:0{BITS}b}".encode().translate(_AS_VOTES)
    return int.from_bytes(lanes, "big")
