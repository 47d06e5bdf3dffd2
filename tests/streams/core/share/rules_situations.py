"""Situations of the reviewed table (``rules_table.py``): what each of them changes of a type's example.

The first ones are columns; the others are told where they change something.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from schemas.records import BUS_DESK
from streams.core.share.case_event import CASE_TIME
from tests.streams.core.share.packs import JARVA, NORD

#: The case's unit, which leads the investigation elsewhere.
LEADER = "se.vast.halland"
CASE = "c" * 64
_MALMO = "se.syd.malmo"
_LATER = CASE_TIME + timedelta(days=7)


class Situation(NamedTuple):
    """One situation: what is published, and by which unit.

    Shape: ``written`` are fields of the envelope; ``payload`` and ``found`` (by the assess stage) count for the types
    that have such fields; ``types`` are those that it is told of, all if empty.
    """

    title: str
    unit: str
    written: Mapping[str, Any]
    orders: tuple[dict[str, Any], ...] = ()
    payload: Mapping[str, Any] = {}
    found: Mapping[str, Any] = {}
    types: frozenset[str] = frozenset()


GRADED: dict[str, Any] = {"grading": {"source": "B", "info": 2}}
_DANGER: dict[str, Any] = {"danger_to_life": True, "danger_reason": "x"}


def _order(event_type: str, desk: str, payload: dict[str, Any], **envelope: Any) -> dict[str, Any]:
    return {"event_type": event_type, "from": desk, "payload": payload, **envelope}


def _release(desk: str, receiver: str, number: str) -> dict[str, Any]:
    payload = {"decision_no": number, "target_ids": ["this"], "receiver": receiver, "decided_as": "release_officer"}
    fields = ["areas", "payload", "occurred_from", "handling"]
    return _order("release_decision", desk, payload | {"fields_released": fields, "expires": _LATER})


_RECALL = _order(
    "correction_order",
    "se/coordination",
    {"order_no": "1", "action": "recall", "target_ids": ["this"], "effective_at": CASE_TIME},
)
_STEP = _order("investigation_event", f"{LEADER}/investigation", {}, case_ref=CASE)
_CIRCLE = _order(
    "focus_group_order",
    f"{NORD}/coordination",
    {
        "order_no": "fg-1",
        "area": NORD,
        "members": [f"{_MALMO}/{function}" for function in ("prevention", "intelligence", "investigation")],
        "first_day": date(2026, 3, 1),
        "last_day": date(2026, 3, 31),
    },
    topics=["drugs"],
)
_OPERATION = _order(
    "joint_operation",
    f"{NORD}/coordination",
    {
        "operation_no": "op-1",
        "parties": [NORD],
        "partners": [{"partner": "partner.tullverket", "fields_allowed": ["areas"]}],
        "window": {"start": CASE_TIME, "end": _LATER},
    },
    topics=["drugs"],
)
_ABROAD = tuple(_release("se.noa-spoc/coordination", name, name) for name in ("partner.europol", "partner.eu-spoc"))
_ABROAD_BY_OTHERS = tuple(each | {"from": f"{NORD}/coordination"} for each in _ABROAD)

_PICTURE, _LINK, _ALERT = (
    frozenset({"situation_picture"}),
    frozenset({"link_suggestion"}),
    frozenset({"substance_alert"}),
)
_MESSAGE = frozenset({"foreign_message"})
_DUPLICATE = {"status": "suggested", "relation": "duplicate"}

#: One column each.
COLUMNS = (
    Situation("routine", JARVA, GRADED),
    Situation("urgent", JARVA, {**GRADED, "priority": 2}),
    Situation("serious, supplier", JARVA, {**GRADED, "max_penalty_years": 6, "actor_role": "supplier"}),
    Situation("not graded", JARVA, {}),
    Situation("not graded, danger", JARVA, _DANGER),
    Situation("from the region", "se.stockholm", GRADED),
    Situation("public", JARVA, {**GRADED, "public": True, "sensitivity": 0}),
    Situation("handling H2", JARVA, {**GRADED, "handling": "H2", "originator": "partner.europol"}),
    Situation(
        "names a minor",
        JARVA,
        {**GRADED, "persons": [{"ref": "p", "category": "suspected_activity", "age_band": "15-17"}]},
    ),
    Situation("closed circle", JARVA, {**GRADED, "common_basis": "restricted_circle"}),
    Situation("secret case", JARVA, {**GRADED, "legal_origin": "coercive_measure"}),
    Situation("recalled", JARVA, GRADED, (_RECALL,)),
)
#: Told where they change something.
OTHERS = (
    Situation("of a case that another unit leads", JARVA, {**GRADED, "case_ref": CASE, "purpose": "P2"}, (_STEP,)),
    Situation(
        "of that case, secret",
        JARVA,
        {**GRADED, "case_ref": CASE, "purpose": "P2", "investigation_secret": True},
        (_STEP,),
    ),
    Situation(
        "of that case, handling H1, checked for it",
        JARVA,
        {**GRADED, "case_ref": CASE, "handling": "H1", "purpose_change_checked": True},
        (_STEP,),
    ),
    Situation(
        "actionable, checked for that case",
        JARVA,
        {**GRADED, "case_ref": CASE, "actionable": True, "purpose_change_checked": True},
        (_STEP,),
    ),
    Situation(
        "a strategic actor, said by the region",
        "se.stockholm",
        {**GRADED, "strategic_actor": True},
        payload={"actor_home_area": _MALMO},
    ),
    Situation("a strategic actor, said by a local police area", JARVA, {**GRADED, "strategic_actor": True}),
    Situation("an international actor", JARVA, {**GRADED, "actor_level": "international"}),
    Situation("in two regions", JARVA, {**GRADED, "areas": [NORD, "se.mitt.uppsala"]}),
    Situation("told of the police area", JARVA, {**GRADED, "areas": [NORD]}),
    Situation("in the chain, two years", JARVA, {**GRADED, "chain_stage": "wholesale", "max_penalty_years": 2}),
    Situation("new in the country", JARVA, GRADED, found={"novelty": "first_in_country"}),
    Situation("of the net", JARVA, GRADED, found={"digital": True}),
    Situation("a conflict, scored 0.7", JARVA, GRADED, found={"conflict_score": 0.7}),
    Situation("near the neighbour", JARVA, GRADED, found={"distance_to_border_m": 5000}),
    Situation("in a focus group's circle", JARVA, {**GRADED, "topics": ["drugs"]}, (_CIRCLE,)),
    Situation("in a joint operation", JARVA, {**GRADED, "topics": ["drugs"]}, (_OPERATION,)),
    Situation("released to a desk", JARVA, GRADED, (_release("se/coordination", _MALMO, "1"),)),
    Situation(
        "came ungraded, so the bus says X4",
        "se.noa-spoc",
        {"grading": {"source": "X", "info": 4, "by": BUS_DESK}},
        payload={"competent_area": _MALMO},
        types=_MESSAGE,
    ),
    Situation("released abroad by the contact point", "se.noa-spoc", {**GRADED, "purpose": "P5"}, _ABROAD),
    Situation("released abroad by its police area", JARVA, {**GRADED, "purpose": "P1"}, _ABROAD_BY_OTHERS),
    Situation("without a ground", JARVA, {**GRADED, "common_basis": None, "sensitivity": 2}),
    Situation("an area that nobody knows", JARVA, {**GRADED, "areas": ["se.atlantis"]}),
    Situation(
        "a retelling", JARVA, {**GRADED, "provenance": {"root_ids": ["r"], "source_key": None, "derived_from": []}}
    ),
    Situation(
        "begun with a report",
        JARVA,
        {**GRADED, "provenance": {"root_ids": ["r"], "source_key": None, "derived_from": ["a"]}},
    ),
    Situation("a silent search", JARVA, {**GRADED, "silent_search": True}),
    Situation("not legally cleared", JARVA, GRADED, payload={"legal_cleared": False}),
    Situation("survived", JARVA, GRADED, payload={"outcome": "recovered"}),
    Situation("ended", JARVA, GRADED, payload={"window": {"start": CASE_TIME, "end": CASE_TIME - timedelta(hours=1)}}),
    Situation("not confirmed by the laboratory", JARVA, GRADED, payload={"identification": "alleged"}, types=_ALERT),
    Situation("a draft", "se.bus", GRADED, payload={"draft": True, "scope": "local"}, types=_PICTURE),
    Situation("a duplicate that the bus found", "se.bus", GRADED, payload=_DUPLICATE, types=_LINK),
)
