"""What nobody outside its circle or its case may notice (dolt): one list for links, pointers, context and pictures.

Whatever is built on other events without naming them (a match, a count, a score, a figure) tells of them. Of what is
hidden nothing may tell but to those who have it. docs/adr/0014 has the reasons.
Source: domain rules, B02, B05, B06; clarifications 16, 19, 20.
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas.sealing import of_register

#: From this sensitivity on an event is of a closed circle (B05).
_CLOSED: Final = 4
_CIRCLE: Final = "restricted_circle"
#: Material of an open case (B06).
_CASE_ORIGINS: Final = frozenset({"coercive_measure", "seized_device"})
#: Nothing that is built on it goes out before whoever provided it has agreed (B02).
_THIRD_PARTY: Final = frozenset({"H2", "H3"})


def closed(event: Mapping[str, Any]) -> bool:
    """Whether an event is of a closed circle or of an open case.

    Of a planned operation one thing may be told all the same: that it meets another (docs/adr/0014).
    """
    return bool(
        event["sensitivity"] >= _CLOSED
        or event.get("common_basis") == _CIRCLE
        or event.get("investigation_secret")
        or event.get("legal_origin") in _CASE_ORIGINS
    )


def secret(event: Mapping[str, Any]) -> bool:
    """Whether an event is from a register, searched for silently, or under the third-party rule: nothing tells of it.

    Shape: the event with what it inherits of what it is built on.
    """
    return bool(
        of_register(event)
        or event.get("silent_search")
        or event.get("handling") in _THIRD_PARTY
        or event.get("derived_max_handling") in _THIRD_PARTY
    )


def hidden(event: Mapping[str, Any]) -> bool:
    """Whether nobody may notice an event who does not have it."""
    return closed(event) or secret(event)
