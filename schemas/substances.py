"""The substance register (substansregister): identities, alert tiers, and what a street name may mean.

A name in a text never identifies a substance. It yields candidates, all at the level ``alleged``; only a field
test, a screening or a laboratory raises that.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator
from rapidfuzz import fuzz, process

from schemas.model import Model, Ref, ShortText
from schemas.vocabulary import Identification

__all__ = ["Candidate", "NameKind", "Substance", "SubstanceError", "SubstanceRegister", "load_substances"]

LegalStatus = Literal["regulated", "not_regulated"]

#: Misspellings are looked for in names of at least this many letters: shorter ones are all alike.
_FUZZY_LETTERS = 5
_FUZZY_CUTOFF = 84.0
#: The longest name in words that is looked for inside a sentence.
_NAME_WORDS = 4
_REMARK = re.compile(r"\s*\([^)]*\)")


class SubstanceError(ValueError):
    """The register cannot be used. The text lists every fault: where it is, and what would be right."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The substance register cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


def cas_is_valid(number: str) -> bool:
    """Whether a CAS number's check digit is right: the others weighted 1, 2, 3 … from the right, modulo 10."""
    if re.fullmatch(r"[0-9]{2,7}-[0-9]{2}-[0-9]", number) is None:
        return False
    *digits, check = (int(digit) for digit in number.replace("-", ""))
    return sum(weight * digit for weight, digit in enumerate(reversed(digits), start=1)) % 10 == check


class Substance(Model):
    """One substance or preparation. ``alert_tier`` 1: one laboratory finding is enough for a national alert."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=60)]
    substance_class: Annotated[Ref, Field(alias="class")]
    name_sv: ShortText
    name_en: ShortText
    synonyms: tuple[ShortText, ...] = ()
    street_names: tuple[ShortText, ...] = ()
    alert_tier: Annotated[int, Field(ge=1, le=3)]
    life_threatening: bool
    cas: str | None = None
    cas_source: ShortText | None = None
    inchikey: Annotated[str, Field(pattern=r"^[A-Z]{14}-[A-Z]{10}-[A-Z]$")] | None = None
    inchikey_skeleton: Annotated[str, Field(pattern=r"^[A-Z]{14}$")] | None = None
    note: ShortText | None = None
    #: Whether it is under control, where the register says; lists change, so most entries leave it open.
    legal_status: LegalStatus | None = None

    @model_validator(mode="after")
    def _numbers_are_right(self) -> Self:
        if self.cas is not None and not cas_is_valid(self.cas):
            raise ValueError("cas has a wrong form or check digit; copy the number again")
        if self.inchikey is not None and self.inchikey[:14] != self.inchikey_skeleton:
            raise ValueError("inchikey_skeleton must be the first 14 letters of inchikey")
        return self


class NameKind(StrEnum):
    """What kind of name a text held."""

    NAME = "name"
    SYNONYM = "synonym"
    STREET_NAME = "street_name"


class Candidate(NamedTuple):
    """A substance that a text may mean. ``score`` is 0-100; 100 is the name as written in the register."""

    substance_id: str
    matched: str
    kind: NameKind
    score: float
    ambiguous: bool
    level: Identification = Identification.ALLEGED


class _File(Model):
    version: Ref
    notes: list[str] = []
    classes: list[Ref]
    ambiguous_street_names: list[ShortText]
    substances: Annotated[list[Substance], Field(min_length=1)]


class SubstanceRegister:
    """All substances and the answers about them. Never changes once made."""

    def __init__(self, file: _File) -> None:
        """Work out every look-up. Errors: ``SubstanceError`` when the file's parts contradict each other."""
        faults = list(_faults(file))
        if faults:
            raise SubstanceError(faults)
        self._file = file
        self.version = file.version
        self.classes = tuple(file.classes)
        self.substances: Mapping[str, Substance] = {substance.id: substance for substance in file.substances}
        self._by_class = _index((s.substance_class, s.id) for s in file.substances)
        self._by_skeleton = {s.inchikey_skeleton: s for s in file.substances if s.inchikey_skeleton is not None}
        self._names: dict[str, list[tuple[str, NameKind]]] = {}
        for substance in file.substances:
            for name, kind in _names(substance):
                self._names.setdefault(name, []).append((substance.id, kind))
        self._ambiguous = frozenset(_plain(name) for name in file.ambiguous_street_names) | {
            name for name, owners in self._names.items() if len({owner for owner, _ in owners}) > 1
        }
        self._fuzzy = {_fold(name): name for name in self._names if len(name) >= _FUZZY_LETTERS}

    def with_legal_status(self, said: Mapping[str, LegalStatus]) -> "SubstanceRegister":
        """This register on a day when the law says this of these substances. Errors: ``KeyError`` for an unknown id."""
        changed = {name: self.substances[name].model_copy(update={"legal_status": said[name]}) for name in said}
        substances = [changed.get(substance.id, substance) for substance in self._file.substances]
        return SubstanceRegister(self._file.model_copy(update={"substances": substances}))

    def get(self, substance_id: str) -> Substance | None:
        """The substance with this id of the register."""
        return self.substances.get(substance_id)

    def known(self, substance_id: str) -> bool:
        """Whether the register has this id."""
        return substance_id in self.substances

    def tier(self, substance_id: str) -> int | None:
        """The alert tier, 1 the most urgent."""
        substance = self.substances.get(substance_id)
        return substance.alert_tier if substance is not None else None

    def of_class(self, substance_class: str) -> tuple[str, ...]:
        """The ids of a class, such as ``nitazene``."""
        return self._by_class.get(substance_class, ())

    def by_skeleton(self, skeleton: str) -> Substance | None:
        """The substance with these first 14 letters of the InChIKey: stereo form and salt do not count."""
        return self._by_skeleton.get(skeleton)

    def names(self) -> Iterator[tuple[str, str, NameKind]]:
        """Every name in lower case with the id of a substance that has it, and what kind of name it is."""
        return ((name, owner, kind) for name, owners in self._names.items() for owner, kind in owners)

    def is_ambiguous(self, name: str) -> bool:
        """Whether people mean different substances by this name, or more than the register knows of."""
        return _plain(name) in self._ambiguous

    def candidates(self, text: str) -> tuple[Candidate, ...]:
        """What a name or a short text may mean, best first; nothing is certain, so every level is ``alleged``.

        Shape: a whole name, or names inside a text; only if there is none, names that ``text`` may misspell.
        """
        plain = _plain(text)
        names = [plain] if plain in self._names else [part for part in _parts(plain) if part in self._names]
        if names:
            found = [self._candidate(name, owner, kind, 100.0) for name in names for owner, kind in self._names[name]]
        else:
            found = self._misspelt(plain)
        best: dict[str, Candidate] = {}
        for candidate in sorted(found, key=lambda c: (-c.score, list(NameKind).index(c.kind), c.substance_id)):
            best.setdefault(candidate.substance_id, candidate)
        return tuple(best.values())

    def _misspelt(self, plain: str) -> list[Candidate]:
        folded = _fold(plain)
        if len(folded) < _FUZZY_LETTERS:
            return []
        hits = process.extract(folded, list(self._fuzzy), scorer=fuzz.ratio, score_cutoff=_FUZZY_CUTOFF, limit=8)
        return [
            self._candidate(self._fuzzy[name], owner, kind, min(score, 99.0))
            for name, score, _ in hits
            for owner, kind in self._names[self._fuzzy[name]]
        ]

    def _candidate(self, name: str, owner: str, kind: NameKind, score: float) -> Candidate:
        return Candidate(owner, name, kind, round(score, 1), ambiguous=name in self._ambiguous)


def _faults(file: _File) -> Iterator[str]:
    """Everything that contradicts something else in the register."""
    for field in ("id", "cas", "inchikey_skeleton"):
        values = (getattr(substance, field) for substance in file.substances)
        for value, count in Counter(value for value in values if value is not None).items():
            if count > 1:
                yield f"{field} {value!r} stands {count} times; each substance has its own"
    for substance in file.substances:
        if substance.substance_class not in file.classes:
            yield f"{substance.id}: class {substance.substance_class!r} is not in `classes`; add it or correct the name"
    used = {substance.substance_class for substance in file.substances}
    for unused in sorted(set(file.classes) - used):
        yield f"classes: no substance is of class {unused!r}; remove it or correct the name"


def _names(substance: Substance) -> list[tuple[str, NameKind]]:
    """The substance's names, once each, its surest kind first."""
    names: dict[str, NameKind] = {}
    for kind, values in (
        (NameKind.NAME, (substance.name_sv, substance.name_en)),
        (NameKind.SYNONYM, substance.synonyms),
        (NameKind.STREET_NAME, substance.street_names),
    ):
        for value in values:
            names.setdefault(_plain(_REMARK.sub("", value)), kind)
    return list(names.items())


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        index[key] = (*index.get(key, ()), value)
    return index


def _plain(text: str) -> str:
    """Lower case, composed letters, single spaces; å, ä and ö stay, for they tell names apart."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _fold(text: str) -> str:
    """Letters without marks: å and ä as a, ö as o."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _parts(plain: str) -> Iterator[str]:
    """Every run of one to four words of a text, longest first, in its order."""
    words = [word.strip(".,;:!?\"'()") for word in plain.split()]
    for size in range(min(_NAME_WORDS, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


def read_substances(data: str | bytes) -> SubstanceRegister:
    """A register from JSON text. Errors: ``SubstanceError`` that says where each fault is and what would be right."""
    try:
        file = _File.model_validate_json(data)
    except ValidationError as problem:
        faults = [f"/{'/'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in problem.errors()]
        raise SubstanceError(faults) from None
    return SubstanceRegister(file)


@lru_cache(maxsize=1)
def load_substances() -> SubstanceRegister:
    """The register that the package carries."""
    return read_substances((files("schemas") / "data" / "substances.json").read_bytes())
