"""Whether an event may leave the desk as a file, for whom, under which markings: ``handling.yaml``, applied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import Field

from consumers.archive.refusals import Refusal, RefusedError
from consumers.feed import Delivery
from schemas.catalogue import EVENT_TYPES
from schemas.events.community import MINORS
from schemas.gazetteer import Gazetteer
from schemas.model import Flag, Model, Ref, Text, UnitCode
from schemas.partners import PARTNERS, PartnerClass
from schemas.vocabulary import Handling, InfoGrade, SourceGrade

_FILE: Final = "handling.yaml"
_POLICE: Final = "police"
ABROAD: Final = "abroad"
_PERSONAL: Final = 2
_CIRCLE: Final = 4
_NOT_SUSPECTED: Final = frozenset({"victim", "witness", "other_not_suspected"})

Tlp = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
TLP_STRICTNESS: Final[tuple[Tlp, ...]] = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
HANDLING_STRICTNESS: Final = tuple(Handling)


class HandlingRule(Model):
    """One rule: what it refuses, for which groups of receivers, and which release lifts it."""

    code: Refusal
    when: Ref
    groups: Annotated[frozenset[Ref], Field(min_length=1)]
    unless: Literal["B02", "B05", "B06", "any"] | None = None


class TlpLine(Model):
    """A label for what has one of these handling codes, or at least this sensitivity."""

    label: Tlp
    handling: frozenset[Handling] = frozenset()
    sensitivity: Annotated[int, Field(ge=0, le=4)] | None = None
    public: Flag = False


class Europol(Model):
    """Our codes as Europol's, one to one."""

    source: Mapping[SourceGrade, str]
    info: Mapping[InfoGrade, int]
    handling: Mapping[Handling, str]


class HandlingTable(Model):
    """The whole of ``handling.yaml``."""

    version: Ref
    groups: Mapping[Ref, frozenset[PartnerClass]]
    rules: Annotated[tuple[HandlingRule, ...], Field(min_length=1)]
    abroad_through: UnitCode
    tlp: Annotated[tuple[TlpLine, ...], Field(min_length=1)]
    europol: Europol
    lossy_scales: Mapping[Ref, Text]

    def group_of(self, receiver: str) -> str:
        """The group that a receiver is in. Errors: ``RefusedError`` for one that nobody knows."""
        partner = PARTNERS.get(receiver)
        if partner is None:
            return _POLICE
        found = (name for name, classes in self.groups.items() if partner.partner_class in classes)
        return next(found, "public")

    def label(self, event: Mapping[str, Any], handling: Handling, sensitivity: int) -> Tlp:
        """The TLP label of one event; what no line knows is RED."""
        for line in self.tlp:
            fits = handling in line.handling
            if line.sensitivity is not None:
                fits = sensitivity >= line.sensitivity and (not line.public or bool(event.get("public")))
            if fits:
                return line.label
        return "RED"


@dataclass(frozen=True, slots=True)
class Released:
    """A release decision that the desk has: for which receiver, what it lifts, which fields it lets through."""

    decision_id: str
    receiver: str
    lifts: frozenset[str]
    fields: frozenset[str]


def read_table(text: str) -> HandlingTable:
    """A table from YAML. Errors: ``ValueError`` for what is unknown, a condition among it."""
    table = HandlingTable.model_validate(yaml.safe_load(text))
    known = {*table.groups, _POLICE}
    for rule in table.rules:
        if rule.when not in CONDITIONS or not rule.groups <= known:
            raise ValueError(f"rule {rule.code}: unknown condition or group")
    missing = set(PartnerClass) - {each for classes in table.groups.values() for each in classes}
    if missing:
        raise ValueError(f"no group has the classes {sorted(missing)}")
    return table


@lru_cache(maxsize=1)
def load_table() -> HandlingTable:
    """The table that the package ships."""
    return read_table((files("consumers.exports") / _FILE).read_text("utf-8"))


def known_receiver(receiver: str, gazetteer: Gazetteer) -> str:
    """The code of a unit or partner. Errors: ``RefusedError``."""
    unit = receiver.partition("/")[0]
    if gazetteer.known(unit) or unit in PARTNERS:
        return unit
    raise RefusedError(Refusal.RECEIVER_UNKNOWN, "/receiver")


def refusal(
    item: Delivery, receiver: str, releases: tuple[Released, ...], table: HandlingTable
) -> tuple[Refusal | None, Released | None]:
    """Why an event may not go to a receiver; or, when a release lets it through, which.

    Shape: ``receiver`` is a unit or partner. What goes to the desk's own unit does not leave it.
    """
    own = item.meta.desk.partition("/")[0]
    if receiver == own:
        return None, None
    group = table.group_of(receiver)
    if group == ABROAD and own != table.abroad_through:
        return Refusal.ABROAD_BY_SPOC, None
    used: Released | None = None
    for rule in table.rules:
        if group in rule.groups and CONDITIONS[rule.when](item):
            lifting = next((each for each in releases if _lifts(each, rule, receiver)), None)
            if lifting is None:
                return rule.code, None
            used = used or lifting
    return None, used


def _lifts(release: Released, rule: HandlingRule, receiver: str) -> bool:
    if rule.unless is None or release.receiver != receiver:
        return False
    return rule.unless == "any" or rule.unless in release.lifts


def handling_of(item: Delivery) -> Handling:
    """The stricter of an event's own code and what its inputs ask for."""
    own = Handling(item.meta.handling)
    derived = item.event.get("derived_max_handling")
    return own if derived is None else max(own, Handling(derived), key=HANDLING_STRICTNESS.index)


# Conditions


def _ungraded(item: Delivery) -> bool:
    kind = EVENT_TYPES.get(item.meta.event_type)
    return kind is not None and kind.intelligence_kind and not item.event.get("grading")


def _protected(item: Delivery) -> bool:
    people = item.event.get("persons") or ()
    named = any(
        person.get("protected") or person.get("category") in _NOT_SUSPECTED or person.get("age_band") in MINORS
        for person in people
    )
    source = item.event.get("legal_origin") == "human_source"
    return named or source or bool(people and item.event.get("sensitive_data"))


def _register(item: Delivery) -> bool:
    payload = item.event.get("payload") or {}
    return item.event.get("legal_origin") == "register" or bool(payload.get("register_source"))


def _circle(item: Delivery) -> bool:
    return item.meta.sensitivity >= _CIRCLE or item.event.get("common_basis") == "restricted_circle"


def _open_case(item: Delivery) -> bool:
    origin = item.event.get("legal_origin")
    return origin in {"coercive_measure", "seized_device"} or bool(item.event.get("investigation_secret"))


def _personal(item: Delivery) -> bool:
    event = item.event
    return item.meta.sensitivity >= _PERSONAL or bool(event.get("persons") or event.get("objects"))


def _no_consent(item: Delivery) -> bool:
    payload = item.event.get("payload") or {}
    return item.event.get("legal_origin") == "foreign" and not payload.get("consent_for_onward")


def _handling(code: Handling) -> Callable[[Delivery], bool]:
    return lambda item: handling_of(item) is code


#: What a rule may ask of an event.
CONDITIONS: Final[Mapping[str, Callable[[Delivery], bool]]] = {
    "always": lambda _: True,
    "ungraded": _ungraded,
    "handling_h1": _handling(Handling.H1),
    "handling_h2": _handling(Handling.H2),
    "handling_h3": _handling(Handling.H3),
    "protected_persons": _protected,
    "register_data": _register,
    "closed_circle": _circle,
    "open_investigation": _open_case,
    "personal_data": _personal,
    "not_public": lambda item: not item.event.get("public"),
    "foreign_without_consent": _no_consent,
}
