"""What binds whatever is built on an event: its handling code, sensitivity, legal origin and secrecy (arv av villkor).

Source: clarifications 16 and 20; domain rules section 1.5.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol, Self

from schemas.catalogue import EVENT_TYPES
from schemas.vocabulary import LEGAL_ORIGIN_STRICTNESS

#: From this sensitivity on an event binds what is built on it; below, everything derived may hold personal data too.
_BINDING_SENSITIVITY: Final = 3
_THIRD_PARTY: Final = ("H2", "H3")
#: Legal origins that bind what is built on them: of these, rules ask more than of the rest.
_BINDING_ORIGINS: Final = frozenset({"coercive_measure", "seized_device", "human_source", "register", "foreign"})
_STRICTNESS: Final = {str(origin): -rank for rank, origin in enumerate(LEGAL_ORIGIN_STRICTNESS)}
#: Lists of a payload that name what the event is built on.
_CITED: Final = ("input_event_ids", "basis_event_ids")
#: The ends of a link.
_ENDS: Final = ("a_id", "b_id")


#: What a missing value means.
_LEAST: Final[Mapping[str, Any]] = {"derived_max_handling": "H0", "sensitivity": 0, "investigation_secret": False}


class Restraint(NamedTuple):
    """What one event asks of everything that is built on it.

    Shape: ``originators`` are those who must answer before anything under H2 or H3 goes out.
    """

    handling: str
    sensitivity: int
    legal_origin: str
    investigation_secret: bool
    originators: frozenset[str]

    @property
    def third_party(self) -> bool:
        """Whether an originator must answer first (tredjemansregeln)."""
        return self.handling in _THIRD_PARTY


class Restraints(Protocol):
    """What binds whatever is built on events, by their ids."""

    def get(self, event_id: str, /) -> Restraint | None:
        """What binds whatever is built on this event."""

    def put(self, event_id: str, value: Restraint, /) -> Self:
        """These with one more."""


def restraint_of(event: Mapping[str, Any]) -> Restraint | None:
    """What an event asks of what is built on it; None when it asks nothing that matters."""
    handling = handling_of(event)
    sensitivity = int(event.get("sensitivity") or 0)
    legal_origin = str(event.get("legal_origin") or "")
    secret = bool(event.get("investigation_secret"))
    strict = handling in _THIRD_PARTY or secret or legal_origin in _BINDING_ORIGINS
    if not strict and sensitivity < _BINDING_SENSITIVITY:
        return None
    return Restraint(handling, sensitivity, legal_origin, secret, own_originators(event))


def handling_of(event: Mapping[str, Any]) -> str:
    """The strictest handling code of an event and its inputs."""
    return max(str(event.get("handling") or "H0"), str(event.get("derived_max_handling") or "H0"))


def originator_of(event: Mapping[str, Any]) -> str:
    """Who provided it: the originator as the event names it, else the unit that published."""
    return str(event.get("originator") or (event.get("origin_unit") or {}).get("unit") or "")


def own_originators(event: Mapping[str, Any]) -> frozenset[str]:
    """Who must answer for the event's own handling code: nobody, unless it is under the third-party rule."""
    return frozenset({originator_of(event)} if event.get("handling") in _THIRD_PARTY else ())


def is_weaker(legal_origin: str, than: str) -> bool:
    """Whether a legal origin binds less than another one; nothing is weaker than one that is not known."""
    return _STRICTNESS[legal_origin] < _STRICTNESS.get(than, _STRICTNESS[legal_origin])


def inputs_of(event: Mapping[str, Any]) -> list[str]:
    """The ids of the events that this one is built on: what it derives from, retells, cites, or takes the place of."""
    provenance = event.get("provenance") or {}
    own = event["event_id"]
    found = [root for root in provenance.get("root_ids") or () if root != own]
    found += provenance.get("derived_from") or ()
    if event.get("supersedes"):
        found.append(event["supersedes"])
    payload = event.get("payload") or {}
    for name in _CITED:
        if name in payload:
            found += payload[name] or ()
    found += ends_of(event)
    return found


def reported_in(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the reports that an event goes back to: what it derives from, is feedback on, or owes its lead to."""
    payload = event.get("payload") or {}
    about = payload.get("about_id")
    derived = (event.get("provenance") or {}).get("derived_from") or ()
    return (*derived, *(payload.get("lead_event_ids") or ()), *((about,) if about else ()))


def ends_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the two events that a link joins; none for any other event."""
    if event["event_type"] != "link_suggestion":
        return ()
    return tuple(event["payload"][end] for end in _ENDS if event["payload"].get(end))


def inherit(event: Mapping[str, Any], inputs: Iterable[Restraint]) -> Mapping[str, Any]:
    """The event under the restraints of what it is built on: nothing in it is weaker than in any input.

    Shape: the same event when it is as strict already; else a copy. A type whose purpose bounds its sensitivity
    (an alert for everybody) keeps that bound, and inherits the rest.
    """
    bounds = list(inputs)
    if not bounds:
        return event
    kind = EVENT_TYPES.get(event["event_type"])
    highest = 4 if kind is None else kind.model.maximum_sensitivity
    sensitivity = int(event.get("sensitivity") or 0)
    strictest = {
        "derived_max_handling": max(str(event.get("derived_max_handling") or "H0"), *(b.handling for b in bounds)),
        "sensitivity": max(sensitivity, min(highest, max(b.sensitivity for b in bounds))),
        "legal_origin": max(
            (str(event.get("legal_origin") or "open"), *(b.legal_origin for b in bounds)),
            key=lambda origin: _STRICTNESS.get(origin, 0),
        ),
        "investigation_secret": bool(event.get("investigation_secret")) or any(b.investigation_secret for b in bounds),
    }
    changed = {name: value for name, value in strictest.items() if value != (event.get(name) or _LEAST.get(name))}
    return {**event, **changed} if changed else event
