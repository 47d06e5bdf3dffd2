"""Which substances words may mean: names of the register inside running text, inflected and compounded in Swedish.

A word never identifies a substance. All it gives are candidates at the level ``alleged``, marked as ambiguous where
people mean other things by it too.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.substances import NameKind, SubstanceRegister

#: A word, with hyphens inside it: 3-mmc, thc-vape.
_WORD: Final = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
#: Endings that a name takes in running text: kokainet, heroinets, fentanylen, tramadols.
_ENDINGS: Final = ("s", "et", "ets", "en", "ens", "er", "erna")
#: The shortest name that is inflected, and the shortest that begins a compound such as kokainpåse.
_INFLECTED = 5
_COMPOUNDED = 6
_REST_OF_COMPOUND = 3
#: A text about a substance that is longer than this is no misspelt name.
_MISSPELT = 60
_MEMORY = 4096


class Meaning(NamedTuple):
    """A substance that a name may mean."""

    substance_id: str
    ambiguous: bool


class _Entry(NamedTuple):
    """A name of several words, or of one: its further words, what it may mean, whether it counts in running text."""

    rest: tuple[str, ...]
    meanings: tuple[Meaning, ...]
    plain: bool


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, in order."""
    return _WORD.findall(text.casefold())


class SubstanceNames:
    """The register's names as they stand in texts."""

    def __init__(self, register: SubstanceRegister, everyday: Iterable[str]) -> None:
        self._register = register
        ordinary = {name.casefold() for name in everyday}
        self._entries: dict[str, list[_Entry]] = {}
        compounds: set[str] = set()
        for name, kinds in _names(register).items():
            meanings = tuple(Meaning(owner, register.is_ambiguous(name)) for owner in dict.fromkeys(kinds))
            slang = all(kind is NameKind.STREET_NAME for kind in kinds.values())
            first, *rest = words_of(name) or ("",)
            plain = name not in ordinary and len(name) > 1
            self._add(first, _Entry(tuple(rest), meanings, plain))
            if rest or slang or not plain:
                continue
            if len(name) >= _INFLECTED:
                for ending in _ENDINGS:
                    self._add(name + ending, _Entry((), meanings, plain))
            if len(name) >= _COMPOUNDED:
                compounds.add(name)
        self._compounds = frozenset(compounds)
        self._lengths = sorted({len(name) for name in compounds}, reverse=True)
        self.misspelt = lru_cache(maxsize=_MEMORY)(self._misspelt)

    def _add(self, first: str, entry: _Entry) -> None:
        entries = self._entries.setdefault(first, [])
        if all(entry.rest != other.rest for other in entries):
            entries.append(entry)
            entries.sort(key=lambda each: -len(each.rest))

    def meant(self, words: list[str], *, about: bool) -> Iterator[Meaning]:
        """What the words may mean. ``about``: they are about a substance, so that everyday words count too."""
        entries = self._entries
        for at, word in enumerate(words):
            known = entries.get(word)
            if known is not None:
                for entry in known:
                    if (about or entry.plain) and tuple(words[at + 1 : at + 1 + len(entry.rest)]) == entry.rest:
                        yield from entry.meanings
                        break
            elif len(word) >= _COMPOUNDED + _REST_OF_COMPOUND:
                yield from self._compounded(word)

    def first(self, words: list[str]) -> tuple[Meaning, ...]:
        """What a text begins with, if that is a name: "amfetamin i en väska"."""
        for entry in self._entries.get(words[0], ()) if words else ():
            if entry.plain and tuple(words[1 : 1 + len(entry.rest)]) == entry.rest:
                return entry.meanings
        return ()

    def _compounded(self, word: str) -> tuple[Meaning, ...]:
        for length in self._lengths:
            if length <= len(word) - _REST_OF_COMPOUND and word[:length] in self._compounds:
                return self._entries[word[:length]][-1].meanings
        return ()

    def _misspelt(self, text: str) -> tuple[Meaning, ...]:
        """What a short text about a substance may have misspelt."""
        if len(text) > _MISSPELT:
            return ()
        return tuple(Meaning(each.substance_id, each.ambiguous) for each in self._register.candidates(text))


def _names(register: SubstanceRegister) -> dict[str, dict[str, NameKind]]:
    """Every name with the substances that have it."""
    names: dict[str, dict[str, NameKind]] = {}
    for name, substance_id, kind in register.names():
        names.setdefault(name, {})[substance_id] = kind
    return names
