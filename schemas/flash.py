"""What may use the flash lane (blixtfil): events on danger to life, decided alike by publishers and by the bus. Values.

Whoever publishes asks, to choose the topic; intake asks again, and its answer alone counts (docs/adr/0029).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.gazetteer import Gazetteer
from schemas.model import fields_of
from schemas.substances import SubstanceRegister
from schemas.topics import FLASH_IN, GATEWAY_IN, flash_intake_topic
from schemas.vocabulary import Handling, Identification, LegalOrigin

ALERT: Final = "substance_alert"
#: Alert tier of substances of which one laboratory finding is enough for a national alert.
_ALERT_TIER: Final = 1
#: From this sensitivity on an event belongs to a closed circle, which is known from orders.
_CLOSED: Final = 4
#: Handling codes that wait for nobody's leave.
_FREE: Final = frozenset({Handling.H0, Handling.H1})
#: Legal origins that keep an event with the team of its case, which is known from steps that lanes are told of.
_OF_A_TEAM: Final = frozenset({LegalOrigin.COERCIVE_MEASURE, LegalOrigin.SEIZED_DEVICE, LegalOrigin.REGISTER})
#: Orders are for every lane, in the order in which they were accepted: an order never overtakes another.
_ORDERS: Final = frozenset({"correction_order", "release_decision", "focus_group_order", "joint_operation"})
#: Lists in which payloads name substances that were examined.
_FOUND: Final = ("items", "analyses")
#: A payload without any of these fields names no substance that was examined.
_TELLING: Final = frozenset({"substances_confirmed", "identification", *_FOUND})


def is_flash(event: Mapping[str, Any], substances: SubstanceRegister) -> bool:
    """Whether an event may overtake all others: life is in danger, and nothing that orders say is needed to share it.

    Shape: a valid event as the codec decodes it, or the fields of its model.

    What a release, a circle, an operation or a case's team opens must not overtake them: they may stand in the routine
    lane, and then the event would be withheld from whoever may have it.
    """
    return _life_in_danger(event, substances) and not _waits_for_orders(event)


def flash_topic_of(topic: str, gazetteer: Gazetteer) -> str:
    """The flash lane beside an intake topic; the topic itself where there is none."""
    if topic == GATEWAY_IN:
        return FLASH_IN
    unit = topic.removeprefix("in.")
    return flash_intake_topic(unit) if unit != topic and gazetteer.known(unit) else topic


def _life_in_danger(event: Mapping[str, Any], substances: SubstanceRegister) -> bool:
    if event["danger_to_life"] or event["event_type"] == ALERT:
        return True
    payload = fields_of(event["payload"])
    if _TELLING.isdisjoint(payload):
        return False
    return any(substances.tier(found) == _ALERT_TIER for found in _confirmed(payload))


def _confirmed(payload: Mapping[str, Any]) -> Iterator[str]:
    """The substances that a laboratory has confirmed."""
    yield from payload.get("substances_confirmed") or ()
    for part in (payload, *(fields_of(each) for name in _FOUND for each in payload.get(name) or ())):
        if part.get("identification") == Identification.LAB_CONFIRMED and part.get("substance_id"):
            yield part["substance_id"]


def _waits_for_orders(event: Mapping[str, Any]) -> bool:
    return bool(
        event["event_type"] in _ORDERS
        or event["handling"] not in _FREE
        or event["sensitivity"] >= _CLOSED
        or event["investigation_secret"]
        or event["legal_origin"] in _OF_A_TEAM
        or event["operation_ref"]
    )
