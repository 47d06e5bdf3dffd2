"""Whether two sightings belong together, and how: duplicate, echo, joint seizure, related, displacement."""

from typing import Final, NamedTuple

from schemas.events.control import LinkRelation
from schemas.substances import SubstanceRegister, load_substances
from streams.core.link.form import Glances, Likeness, Sighting, same_unit
from streams.core.link.kinds import kinds
from streams.core.link.operations import PointerRules
from streams.core.link.text import likeness
from streams.core.link.thresholds import Thresholds, load_thresholds
from streams.core.link.windows import Windows

#: The score of a reference in common alone.
_REFERENCE_SCORE: Final = 0.7
_RETOLD_SCORE: Final = 0.9


class Match(NamedTuple):
    """What two sightings have in common.

    Shape: ``features`` are names of what agreed, sorted; ``kinds`` those of references, as pointers name them.
    ``same_origin``: both go back to one root or source. ``independent``: to different ones, as both tell.
    Units: ``score`` 0 to 1.
    """

    relation: LinkRelation
    features: tuple[str, ...]
    score: float
    same_origin: bool
    independent: bool
    kinds: tuple[str, ...]


class Matcher:
    """Compares sightings. Pure; the order of the two does not matter."""

    def __init__(
        self,
        thresholds: Thresholds | None = None,
        substances: SubstanceRegister | None = None,
        windows: Windows | None = None,
        pointers: PointerRules | None = None,
    ) -> None:
        """Shape: ``windows`` opens what is sealed of planned operations; without it none is found to meet another."""
        self.thresholds = thresholds or load_thresholds()
        self._kinds = kinds(self.thresholds, substances or load_substances(), windows, pointers)

    def compare(self, one: Sighting, other: Sighting) -> Match | None:
        """What joins two sightings; None for nothing, and for two revisions of one telling.

        Source: clarification 48 (relations), 50 (roots), 63 (across types only echoes and links).
        """
        if one.matter == other.matter or one.synthetic is not other.synthetic:
            return None
        kinds = _common_kinds(one, other)
        shared = not set(one.roots).isdisjoint(other.roots)
        same_source = bool(one.source) and one.source == other.source
        found = self._by_type(one, other)
        if shared:
            found = self._retold(one, other, found)
        if found is None and kinds:
            found = Likeness(LinkRelation.RELATED, (), _REFERENCE_SCORE)
        if found is None:
            return None
        kinds = tuple(sorted({*kinds, *found.kinds}))
        same_origin = shared or same_source or found.relation is LinkRelation.ECHO
        features = tuple(sorted({*found.features, *kinds, *(("roots",) if shared else ())}))
        independent = not same_origin and _independent(one, other)
        return Match(found.relation, features, round(found.score, 3), same_origin, independent, kinds)

    def glances(self, event_type: str) -> Glances | None:
        """What the rule of a type sees at a glance."""
        kind = self._kinds.get(event_type)
        return None if kind is None else kind.glances

    def _by_type(self, one: Sighting, other: Sighting) -> Likeness | None:
        """What the exact key, or the rule of their type, tells."""
        if one.former == other.event_id or other.former == one.event_id:
            return Likeness(LinkRelation.DUPLICATE, ("supersedes",), 1.0)
        kind = self._kinds[one.event_type]
        if kind is not self._kinds[other.event_type]:
            return _same_seizure(one, other)
        if one.number == other.number:
            return Likeness(LinkRelation.DUPLICATE, ("exact_key",), 1.0)
        return kind.compare(one, other)

    def _retold(self, one: Sighting, other: Sighting, found: Likeness | None) -> Likeness:
        """Two that share a root: echoes, or a compilation of several and one of them, which is related alone."""
        features = found.features if found is not None else ()
        score = max(_RETOLD_SCORE, found.score if found is not None else 0.0)
        if _retells(one, other) or _retells(other, one):
            return Likeness(LinkRelation.ECHO, features, score)
        if one.words and other.words:
            joined = self._same_words(one, other)
            features = (*features, "text") if joined else features
        else:
            joined = found is not None and found.relation in (LinkRelation.DUPLICATE, LinkRelation.ECHO)
        return Likeness(LinkRelation.ECHO if joined else LinkRelation.RELATED, features, score)

    def _same_words(self, one: Sighting, other: Sighting) -> bool:
        """Whether two texts are one: alike, and about as long. A text that holds two reports is longer than each."""
        shorter, longer = sorted((one.features.get("words", 0), other.features.get("words", 0)))
        limits = self.thresholds.echo
        return bool(shorter >= limits.length * longer) and likeness(one.words, other.words) >= limits.text


def _common_kinds(one: Sighting, other: Sighting) -> tuple[str, ...]:
    if not one.refs or not other.refs:
        return ()
    return tuple(sorted({kind for kind, _ in set(one.refs) & set(other.refs)}))


def _retells(one: Sighting, other: Sighting) -> bool:
    """Whether all that one tells from elsewhere goes back to what the other does."""
    foreign = set(one.roots) - {one.event_id}
    return bool(foreign) and foreign <= set(other.roots) | {other.event_id}


def _same_seizure(one: Sighting, other: Sighting) -> Likeness | None:
    """Events of two types about one seizure number: a laboratory's result, or drugs and weapons taken together."""
    number = one.features.get("number")
    if number is None or number != other.features.get("number"):
        return None
    return Likeness(LinkRelation.RELATED, ("seizure_no",), 1.0)


def _independent(one: Sighting, other: Sighting) -> bool:
    """Whether both name their sources, and these differ.

    A source's key is made within a unit: of one person, two units make two keys. So keys of two units show nothing
    when a person told it. Nor can it be said where not all revisions are known to which the other may go back.
    """
    if not one.source or not other.source or one.source == other.source or one.cut or other.cut:
        return False
    return same_unit(one, other) or not (one.human or other.human)
