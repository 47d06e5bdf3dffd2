"""The limits of searching, as ``limits.yaml`` sets them: who is searchable, what is indexed, what must be stated."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final

import yaml
from pydantic import Field

from schemas.events.investigation import InvestigationStage
from schemas.model import Flag, Model, Ref
from schemas.vocabulary import AgeBand, LegalOrigin, PersonCategory, Purpose, RetentionClass

#: What looks like a personal number or coordination number (personnummer, samordningsnummer), valid or mistyped: such
#: a number is neither indexed nor looked for. Day 61-91 is a coordination number's.
PERSONAL_NUMBER: Final = re.compile(
    r"(?<!\d)(?:18|19|20)?\d{2}[\s-]?(?:0[1-9]|1[0-2])[\s-]?(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])[\s+–-]{0,2}"
    r"(?:\d{4}|[TRSUWXJKLMN]\d{3})(?!\d)",
    re.IGNORECASE,
)
#: The obligation by which the rules say that no person of an event may become searchable (B04).
NEVER_INDEX: Final = "never_index_person"
_FILE: Final = "limits.yaml"


class PersonLimits(Model):
    """Who may be searched for by reference, and what such a search must state."""

    categories: frozenset[PersonCategory]
    never_ages: frozenset[AgeBand]
    never_legal_origins: frozenset[LegalOrigin]
    never_with_sensitive_data: Flag
    ended_stages: frozenset[InvestigationStage]
    needs_case: Flag
    purposes: Annotated[frozenset[Purpose], Field(min_length=1)]


class TextLimits(Model):
    """What is found by words, and the purposes that a search may have."""

    sensitive_types: frozenset[Ref]
    purposes: Annotated[frozenset[Purpose], Field(min_length=1)]


class RetentionLimits(Model):
    """How long a delivery of a class is kept, from when it was published, or from the end of that year."""

    days: Mapping[RetentionClass, Annotated[int, Field(ge=1, le=36_500)]]
    years_after_year_end: Mapping[RetentionClass, Annotated[int, Field(ge=1, le=100)]]


class Limits(Model):
    """The limits of searching and keeping."""

    version: Ref
    persons: PersonLimits
    text: TextLimits
    retention: RetentionLimits

    def sensitive(self, event_type: str, event: Mapping[str, Any]) -> bool:
        """Whether an event has sensitive data, or may have: where its view hides the mark, its type decides."""
        return bool(event.get("sensitive_data")) or event_type in self.text.sensitive_types

    def searchable(self, event_type: str, event: Mapping[str, Any], obligations: list[str]) -> frozenset[str]:
        """The references of persons in a view who may be searched for; one mark on a person keeps them out."""
        limits = self.persons
        closed = (
            NEVER_INDEX in obligations
            or event.get("legal_origin") in limits.never_legal_origins
            or (limits.never_with_sensitive_data and self.sensitive(event_type, event))
            or bool((event.get("enrichment") or {}).get("marks_found"))
        )
        found, never = set[str](), set[str]()
        for person in event.get("persons") or ():
            ref = person.get("ref")
            if ref:
                (found if self._may_be_found(person) else never).add(ref)
        return frozenset() if closed else frozenset(found - never)

    def _may_be_found(self, person: Mapping[str, Any]) -> bool:
        limits = self.persons
        named = person.get("category") in limits.categories and person.get("age_band") not in limits.never_ages
        return named and not person.get("protected")

    def ends(self, event_type: str, event: Mapping[str, Any]) -> bool:
        """Whether an event ends a case in a way that ends searching for its suspects (4:5)."""
        stage = (event.get("payload") or {}).get("stage")
        return event_type == "investigation_event" and stage in self.persons.ended_stages


def read_limits(text: str) -> Limits:
    """Limits from YAML. Errors: ``pydantic.ValidationError`` for a key or value that is not known."""
    return Limits.model_validate(yaml.safe_load(text))


@lru_cache(maxsize=1)
def load_limits() -> Limits:
    """The limits that the package ships."""
    return read_limits((files("consumers.archive") / _FILE).read_text("utf-8"))


def without_personal_numbers(text: str) -> str:
    """A text without what looks like personal numbers: it is indexed so."""
    return PERSONAL_NUMBER.sub(" ", text)
