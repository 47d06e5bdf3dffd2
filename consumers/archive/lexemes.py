"""The terms by which a delivery is found: stems, words and facets, as SQLite and PostgreSQL index them alike.

A term belongs to one *block*: some thousand deliveries of one desk. So the desk stands in every entry of the index: a
search touches its own desk's entries and no other's, whatever others hold, and newest first is block by block. What is
indexed is plain ASCII letters, digits and Swedish letters, so a term can carry no syntax of either database.
Source: Snowball's Swedish stemmer, a newer version of the one in PostgreSQL's ``swedish``; docs/adr/0021.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

import Stemmer

#: Deliveries of one desk in one block of the index: 2 to this power.
BLOCK_BITS: Final = 12
#: A row's number is its desk's number and its place among that desk's deliveries.
DESK_SHIFT: Final = 32
#: Words of one delivery that are indexed; the longest text field has 4,000 characters.
MAX_WORDS: Final = 4_000
_LONGEST_WORD: Final = 60
_WORD: Final = re.compile(r"[^\W_]+")
_KEPT: Final = frozenset("åäö")
_ALIKE: Final = {"ø": "ö", "æ": "ä", "ð": "d", "þ": "th", "ł": "l", "đ": "d"}
_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_FACET_BYTES: Final = 8
_DAY: Final = timedelta(days=1)
#: Days before and after these count as them.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2060, 12, 31)

_local = threading.local()


class Terms(NamedTuple):
    """What is indexed of one delivery, before it has a block: stems by field, other words, facets."""

    fields: tuple[tuple[str, ...], ...]
    words: frozenset[str]
    facets: frozenset[str]


def fold(text: str) -> str:
    """Text as it is compared: without case and without marks, but å, ä and ö are letters of their own.

    Shape: ``ø`` and ``æ`` count as ``ö`` and ``ä``. A letter that is written as letter and mark is the same letter.
    """
    plain = unicodedata.normalize("NFC", text).casefold()
    return plain if plain.isascii() else plain.translate(_LETTERS)


class _Letters(dict[int, str]):
    """What each letter becomes; worked out once for each that is met, of which there are not so many."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter.isascii() or letter in _KEPT:
            found = letter
        else:
            found = "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
        self[code] = found
        return found


_LETTERS: Final = _Letters({ord(letter): alike for letter, alike in _ALIKE.items()})


def words_of(text: str) -> list[str]:
    """The words of a text, folded, in order; a very long one is cut."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(fold(text))]


def stems_of(words: list[str]) -> list[str]:
    """The stems of folded words. A Swedish stem is always a beginning of its word."""
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:  # one a thread: a stemmer keeps its own memory
        stemmer = _local.stemmer = Stemmer.Stemmer("swedish")
    found: list[str] = stemmer.stemWords(words)
    return found


def indexed(texts: Iterable[str], facets: Iterable[str]) -> Terms:
    """The terms of a delivery.

    Shape: ``texts`` are its text fields, one phrase never runs from one into the next. A word stands beside its stem
    only where they differ.
    """
    fields, others, left = [], set[str](), MAX_WORDS
    for text in texts:
        words = words_of(text)[:left]
        stems = stems_of(words)
        others.update(word for word, stem in zip(words, stems, strict=True) if word != stem)
        fields.append(tuple(stems))
        left -= len(words)
    return Terms(tuple(field for field in fields if field), frozenset(others), frozenset(facets))


# Blocks


def row_number(desk_no: int, seq: int) -> int:
    """The number of a delivery: its desk's, then its place among them. Newer ones of a desk are higher."""
    return desk_no << DESK_SHIFT | seq


def block_of(row: int) -> str:
    """The block that a row's terms stand in, as the beginning of each of them."""
    return block_name(row >> BLOCK_BITS)


@lru_cache(maxsize=4_096)
def block_name(number: int) -> str:
    """A block's number as letters and digits, and what ends it."""
    digits = []
    while number:
        number, rest = divmod(number, len(_BASE36))
        digits.append(_BASE36[rest])
    return "".join(reversed(digits)) + "."


# Terms: one letter tells the kind


def stem_term(stem: str) -> str:
    """A stem, in the order of the text."""
    return f"s{stem}"


def word_term(word: str) -> str:
    """A word that is not its own stem."""
    return f"w{word}"


def facet(kind: str, *values: str) -> str:
    """Something that a delivery has or has not: its type, an area, a thing. As a digest: any text may be a value."""
    told = "\0".join(values).encode("utf-8", "surrogatepass")
    return f"f{kind}{blake2b(told, digest_size=_FACET_BYTES).hexdigest()}"


def day_facets(kind: str, day: date) -> tuple[str, str, str]:
    """A day, its month and its year: a span is then a few terms."""
    day = _within(day)
    return (f"f{kind}{day:%Y%m%d}", f"f{kind}{day:%Y%m}", f"f{kind}{day:%Y}")


def span_facets(kind: str, first: date, last: date) -> tuple[str, ...]:
    """Facets of which a day has one exactly if it lies in the span: days at its ends, months, and years between."""
    return tuple(_cover(kind, _within(first), _within(last)))


def _cover(kind: str, first: date, last: date) -> Iterator[str]:
    day = first
    while day <= last:
        if day.month == day.day == 1 and date(day.year, 12, 31) <= last:
            yield f"f{kind}{day:%Y}"
            day = date(day.year + 1, 1, 1)
        elif day.day == 1 and (following := (day + timedelta(days=31)).replace(day=1)) - _DAY <= last:
            yield f"f{kind}{day:%Y%m}"
            day = following
        else:
            yield f"f{kind}{day:%Y%m%d}"
            day += _DAY


def _within(day: date) -> date:
    """What lies outside these years counts as their first or last: so no span has very many terms."""
    return min(max(day, FIRST_DAY), LAST_DAY)
