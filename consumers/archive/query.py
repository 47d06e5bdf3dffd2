"""A question to the archive, checked against the limits, and what it comes to in terms of the index.

Text is words, ``"phrases"`` and beginnings of words with ``*``; all of them must be there. Every other sign separates
words, so nothing of a database's own language can be said.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, TypeVar

from pydantic import Field, ValidationError

from consumers.archive.indices import Alternative, Wanted
from consumers.archive.lexemes import FIRST_DAY, facet, span_facets, stem_term, stems_of, words_of
from consumers.archive.limits import PERSONAL_NUMBER, Limits
from consumers.archive.refusals import Refusal, RefusedError
from consumers.archive.rows import AREA, OCCURRED, ORIGIN, PRIORITY, PUBLISHED, TYPE, reference, thing
from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer
from schemas.model import EventId, Flag, Model, Moment, Ref, ShortText, UnitCode
from schemas.partners import PARTNERS
from schemas.vocabulary import Purpose

MOST_HITS: Final = 200
_MOST_TERMS: Final = 20
_SHORTEST_PREFIX: Final = 2
_PIECE: Final = re.compile(r'"([^"]*)"|(\S+)')
#: A clock somewhere may be ahead: what is said to happen in the coming days is found by a span without an end.
_AHEAD: Final = timedelta(days=400)
_Some = Field(max_length=20)

M = TypeVar("M", bound=Model)


class Clock(StrEnum):
    """Which time a span is of."""

    OCCURRED = "occurred"
    PUBLISHED = "published"


class ThingWanted(Model):
    """A thing: its kind (vehicle, phone, wallet, device, account, weapon, handle), and its keyed hash or number."""

    kind: Ref
    value: ShortText


class Query(Model):
    """A question. All that it states must hold; of a list, one is enough.

    Shape: ``areas`` and ``origins`` mean units and all below them; ``priority`` that urgency and more urgent; ``event``
    what says something of an event, beside the event itself; ``history`` also revisions that were replaced. ``purpose``
    is always stated, ``case_ref`` for persons. ``cursor`` is that of the page before.
    Units: ``since`` is included, ``until`` is not.
    """

    text: Annotated[str, Field(max_length=400)] | None = None
    areas: Annotated[list[UnitCode], _Some] = []
    types: Annotated[list[Ref], _Some] = []
    origins: Annotated[list[UnitCode], _Some] = []
    priority: Annotated[int, Field(ge=1, le=5)] | None = None
    things: Annotated[list[ThingWanted], _Some] = []
    references: Annotated[list[Ref], _Some] = []
    event: EventId | None = None
    person: Ref | None = None
    since: Moment | None = None
    until: Moment | None = None
    clock: Clock = Clock.OCCURRED
    history: Flag = False
    purpose: Purpose
    case_ref: Ref | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_HITS)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None

    @property
    def kind(self) -> str:
        """What kind of question it is, for the log of readings."""
        named = {
            "person": self.person is not None,
            "thing": bool(self.things),
            "reference": bool(self.references),
            "event": self.event is not None,
            "text": self.text is not None,
        }
        return "+".join(name for name, asked in named.items() if asked) or "browse"

    @property
    def told(self) -> str:
        """The whole question but for its page, always in the same form."""
        return self.model_dump_json(exclude={"cursor", "limit"})


def read_query(fields: object) -> Query:
    """A question from JSON. Errors: as ``read_form``."""
    return read_form(Query, fields)


def read_form(form: type[M], fields: object) -> M:
    """What JSON asks of the archive. Errors: ``RefusedError`` with the place of the first thing wrong."""
    try:
        return form.model_validate(fields)
    except ValidationError as problem:
        where = "/".join(str(part) for part in problem.errors(include_input=False, include_url=False)[0]["loc"])
    raise RefusedError(Refusal.QUERY_INVALID, f"/{where}")


def allowed(query: Query, limits: Limits, gazetteer: Gazetteer) -> None:
    """Hold a question against the limits of searching. Errors: ``RefusedError``."""
    for place in _personal_numbers(query):
        raise RefusedError(Refusal.PERSONAL_NUMBER, place)
    if query.purpose not in (limits.persons if query.person else limits.text).purposes:
        raise RefusedError(Refusal.PURPOSE_NOT_ALLOWED, "/purpose")
    if query.person is not None and limits.persons.needs_case and query.case_ref is None:
        raise RefusedError(Refusal.CASE_MISSING, "/case_ref")
    for place in _unknown_units(query, gazetteer):
        raise RefusedError(Refusal.AREA_UNKNOWN, place)
    for number, event_type in enumerate(query.types):
        if event_type not in EVENT_TYPES:
            raise RefusedError(Refusal.TYPE_UNKNOWN, f"/types/{number}")


def _personal_numbers(query: Query) -> Iterator[str]:
    """Where a question looks for a personal number."""
    told = {"/text": query.text, "/person": query.person}
    told |= {f"/things/{number}/value": each.value for number, each in enumerate(query.things)}
    told |= {f"/references/{number}": each for number, each in enumerate(query.references)}
    for place, value in told.items():
        found = PERSONAL_NUMBER.search(value or "") if place == "/text" else PERSONAL_NUMBER.fullmatch(value or "")
        if found is not None:
            yield place


def _unknown_units(query: Query, gazetteer: Gazetteer) -> Iterator[str]:
    for name, units in (("areas", query.areas), ("origins", query.origins)):
        for number, unit in enumerate(units):
            if not gazetteer.known(unit) and unit not in PARTNERS:
                yield f"/{name}/{number}"


def wanted(query: Query) -> Wanted:
    """A question as terms of the index, without its times. Errors: ``RefusedError`` for text without words."""
    return (*_text(query.text), *_facets(query))


def _text(text: str | None) -> Iterator[Alternative]:
    if text is None:
        return
    pieces = list(_PIECE.finditer(text))
    read = [each for piece in pieces if (each := _piece(piece)) is not None]
    if not read:
        raise RefusedError(Refusal.QUERY_EMPTY_TERM, "/text")
    if len(read) > _MOST_TERMS:
        raise RefusedError(Refusal.QUERY_TOO_LONG, "/text")
    yield from read


def _piece(piece: re.Match[str]) -> Alternative | None:
    """One word, phrase or beginning of a word; None for signs alone. A word with a hyphen is a phrase."""
    words = words_of(piece[1] if piece[1] is not None else piece[2])
    if not words:
        return None
    if len(words) > _MOST_TERMS:
        raise RefusedError(Refusal.QUERY_TOO_LONG, "/text")
    if piece[2] is not None and piece[2].endswith("*") and len(words) == 1:
        if len(words[0]) < _SHORTEST_PREFIX:
            raise RefusedError(Refusal.PREFIX_TOO_SHORT, "/text")
        return Alternative(prefix=words[0])
    stems = tuple(stems_of(words))
    return Alternative(phrase=stems) if len(stems) > 1 else Alternative(terms=(stem_term(stems[0]),))


def _facets(query: Query) -> Iterator[Alternative]:
    most_urgent = range(1, (query.priority or 0) + 1)
    lists: Sequence[tuple[str, ...]] = (
        tuple(facet(TYPE, each) for each in query.types),
        tuple(facet(AREA, each) for each in query.areas),
        tuple(facet(ORIGIN, each) for each in query.origins),
        tuple(facet(PRIORITY, str(each)) for each in most_urgent),
        tuple(thing(each.kind, each.value) for each in query.things),
        tuple(reference(each) for each in query.references),
    )
    yield from (Alternative(terms=terms) for terms in lists if terms)


def times(query: Query, now: datetime) -> Alternative | None:
    """The days of a span as terms; the hours at its ends are held against the rows themselves."""
    if query.since is None and query.until is None:
        return None
    kind = OCCURRED if query.clock is Clock.OCCURRED else PUBLISHED
    first = FIRST_DAY if query.since is None else query.since.date()
    last = (query.until or now + _AHEAD).date()
    return Alternative(terms=span_facets(kind, first, max(first, last)))
