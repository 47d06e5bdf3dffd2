"""The catalogue: complete, consistent, and each type's natural key sees what it should and nothing else."""

import copy
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from schemas.catalogue import EVENT_TYPES, PUBLISHED_TYPES
from schemas.envelope import Enrichment, Event
from schemas.example_data import good_examples
from schemas.keys import geohash
from schemas.marks import person_fields, sealed_fields
from schemas.validation import validate
from tests.schemas.test_events import plain

ORIGIN = {"unit": "se.syd.malmo", "function": "intelligence"}
EXPECTED_TYPES = [
    "intelligence_report",
    "surveillance_observation",
    "investigation_event",
    "forensic_result",
    "drug_seizure",
    "weapon_seizure",
    "open_drug_scene",
    "violence_incident",
    "substance_alert",
    "drug_poisoning",
    "financial_intelligence",
    "asset_forfeiture",
    "online_market_listing",
    "encrypted_service_lead",
    "minor_recruitment_concern",
    "citizen_promise",
    "situation_picture",
    "operational_plan",
    "action_plan",
    "focus_group_order",
    "joint_operation",
    "information_request",
    "information_reply",
    "knowledge_item",
    "foreign_message",
    "correction_order",
    "release_decision",
    "feedback_note",
    "link_suggestion",
    "match_pointer",
    "originator_question",
    "public_notice",
    "receipt",
    "obligation_notice",
]


def example(event_type: str, name: str = "", /, **payload: Any) -> dict[str, Any]:
    """The named (or first) good example with an origin and some payload fields changed."""
    chosen = next(e.body for e in good_examples(event_type) if name in ("", e.name))
    return {**chosen, "origin_unit": ORIGIN, "payload": {**chosen["payload"], **payload}}


def key(event: dict[str, Any]) -> tuple[str, ...] | None:
    """The natural key of a plain event."""
    return EVENT_TYPES[event["event_type"]].natural_key(event)


def test_the_catalogue_holds_every_type_and_no_other() -> None:
    """The thirty types of the domain's event catalogue, receipts, and what the bus makes itself."""
    assert list(EVENT_TYPES) == EXPECTED_TYPES
    assert set(EXPECTED_TYPES) - set(PUBLISHED_TYPES) == {"match_pointer", "obligation_notice", "originator_question"}


@pytest.mark.parametrize("event_type", EXPECTED_TYPES)
def test_an_entry_fits_its_model(event_type: str) -> None:
    """The literal type of the model is the entry's name, and what is usual lies within what is allowed."""
    entry = EVENT_TYPES[event_type]
    assert entry.name == event_type
    assert entry.model.model_json_schema()["properties"]["event_type"]["const"] == event_type
    assert entry.model.minimum_sensitivity <= entry.usual_sensitivity <= entry.model.maximum_sensitivity
    assert entry.title_sv
    assert entry.title_en
    assert Path("schemas", entry.examples).is_file()
    assert Path("schemas", "events", f"{entry.family}.py").is_file()


def test_the_intelligence_kinds_are_those_of_rule_b01() -> None:
    """These five stay in their unit until they are graded."""
    assert {name for name, entry in EVENT_TYPES.items() if entry.intelligence_kind} == {
        "intelligence_report",
        "surveillance_observation",
        "encrypted_service_lead",
        "online_market_listing",
        "minor_recruitment_concern",
    }


@pytest.mark.parametrize("event_type", EXPECTED_TYPES)
def test_no_payload_field_has_a_name_of_the_envelope(event_type: str) -> None:
    """A rule that names a field means one field. What the engine adds is not in a payload either."""
    payload = EVENT_TYPES[event_type].model.model_fields["payload"].annotation
    assert isinstance(payload, type)
    assert issubclass(payload, BaseModel)
    assert set(payload.model_fields) & {*Event.model_fields, *Enrichment.model_fields} == set()


@pytest.mark.parametrize("event_type", EXPECTED_TYPES)
def test_a_key_is_the_same_from_json_and_from_avro(event_type: str) -> None:
    """Text, decimals and times of either form give one key, and the key is made of text."""
    for good in good_examples(event_type):
        body = {**good.body, "origin_unit": ORIGIN}
        event = validate(event_type, body)
        assert isinstance(event, Event)
        parts = key(plain(event.model_dump(mode="python")))
        assert key(body) == parts
        assert parts is None or all(isinstance(part, str) for part in parts)


@pytest.mark.parametrize("event_type", EXPECTED_TYPES)
def test_a_key_leaves_out_who_reports_it_and_when(event_type: str) -> None:
    """A second report of the same thing, with its own id and report time, has the same key."""
    body = {**good_examples(event_type)[0].body, "origin_unit": ORIGIN}
    again = {**body, "event_id": "019a0000-0000-7000-8000-000000000001", "reported_at": "2026-11-30T00:00:00Z"}
    assert key(again) == key(body)


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("intelligence_report", ("se.syd.malmo", "UR-2026-11-0042")),
        ("surveillance_observation", ("observer-77", "2026-11-09T19:42", "u3ck0yy")),
        ("open_drug_scene", ("scene-jarva-003",)),
        ("forensic_result", ("NFC-2026-104455", "1")),
        ("citizen_promise", ("lofte-boras-1", "2026")),
        ("operational_plan", ("plan-jarva-2026-14",)),
        ("action_plan", ("hp-syd-2027", "1")),
        ("focus_group_order", ("fg-jarva-2026-2",)),
        ("joint_operation", ("op-trelleborg-2026-3",)),
        ("information_request", ("ib-malmo-2026-301",)),
        ("knowledge_item", ("kunskap-hotspot", "2")),
        ("foreign_message", ("siena", "DK", "SIENA-2026-DK-00417", "1")),
        ("correction_order", ("ko-2026-31",)),
        ("release_decision", ("dp-2026-118",)),
        ("public_notice", ("polisen.se", "900001")),
        (
            "situation_picture",
            ("local", "se.stockholm.stockholm-nord.jarva", "narkotikamarknaden i järva", "2026-10-01", "2026-10-31"),
        ),
        ("substance_alert", ("protonitazene", "blå/oc 80/9//4.2", "2026-W46")),
    ],
)
def test_the_parts_of_a_key(event_type: str, expected: tuple[str, ...]) -> None:
    """The exact key of the catalogue, part by part."""
    assert key(example(event_type)) == expected


@pytest.mark.parametrize(
    ("event_type", "names"),
    [
        ("drug_seizure", ("seizing_authority", "seizure_no")),
        ("violence_incident", ("incident_no",)),
        ("drug_poisoning", ("case_no",)),
    ],
)
def test_keys_of_hashes(event_type: str, names: tuple[str, ...]) -> None:
    """Numbers travel as keyed hashes, and the key is made of those."""
    event = example(event_type)
    assert key(event) == tuple(event["payload"][name] for name in names)


def test_an_event_without_its_number_has_no_natural_key() -> None:
    """Then its own id is the key."""
    assert key(example("intelligence_report", local_report_no=None)) is None
    assert key({**example("intelligence_report"), "origin_unit": None}) is None
    assert key(example("violence_incident", "explosion-in-linkoping")) is None
    assert key({**example("surveillance_observation"), "geo": None}) is None
    assert key(example("financial_intelligence", "register-hit-for-the-fiu")) is None


def test_a_weapon_seizure_is_known_by_its_items_in_any_order() -> None:
    """The seizure number and the item numbers."""
    event = example("weapon_seizure")
    turned = example("weapon_seizure", items=event["payload"]["items"][::-1])
    assert key(turned) == key(event) == (event["payload"]["seizure_no"], "1", "2")


def test_a_stage_is_of_a_person_in_a_case() -> None:
    """A witness does not change what the step is; another stage or suspect is another step."""
    event = example("investigation_event")
    witness = {"ref": "person-w", "category": "witness", "fact_or_assessment": "fact"}
    assert key({**event, "persons": [*event["persons"], witness]}) == key(event)
    assert key(example("investigation_event", stage="charged")) != key(event)
    assert key({**event, "persons": []}) != key(event)


def test_an_alert_is_the_same_all_week_and_however_its_logo_is_written() -> None:
    """Swedish ISO weeks: Sunday 22:30 UTC is still that week, 23:30 UTC is Monday in Sweden."""
    event = example("substance_alert")
    assert key({**event, "occurred_from": "2026-11-15T22:30:00Z"}) == key(event)
    assert key({**event, "occurred_from": "2026-11-15T23:30:00Z"}) != key(event)
    shouted = example("substance_alert", appearance={**event["payload"]["appearance"], "logo": "oc  80"})
    assert key(shouted) == key(event)


def test_finance_is_known_by_its_number_or_its_wallets_with_amount_and_time() -> None:
    """Clarification 59: amount and time are part of the key; 100 and 100.00 are one amount."""
    by_number = example("financial_intelligence")
    assert key(example("financial_intelligence", amount_sek="412500")) == key(by_number)
    assert key(example("financial_intelligence", amount_sek=Decimal("412500.01"))) != key(by_number)
    assert key({**by_number, "occurred_from": "2026-10-28T00:00:01Z"}) != key(by_number)
    by_wallet = example("financial_intelligence", "wallet-of-a-market")
    turned = example("financial_intelligence", "wallet-of-a-market", wallets=by_wallet["payload"]["wallets"][::-1])
    assert key(turned) == key(by_wallet)
    assert key(example("financial_intelligence", "wallet-of-a-market", kind="cash")) != key(by_wallet)


def test_a_later_stage_of_a_forfeiture_is_another_key_and_a_later_crawl_is_the_same() -> None:
    """Clarification 48: a re-crawl is a revision, whatever was captured."""
    assert key(example("asset_forfeiture", stage="ordered")) != key(example("asset_forfeiture"))
    assert key(example("online_market_listing", capture_hash="0" * 64)) == key(example("online_market_listing"))
    assert key(example("online_market_listing", listing_ref="another")) != key(example("online_market_listing"))


def test_a_lead_is_of_its_roots_and_a_concern_of_its_month() -> None:
    """Swedish months: 23:30 UTC on the last day is the next month."""
    lead = example("encrypted_service_lead")
    other = {**lead, "provenance": {"root_ids": ["019a0000-0000-7000-8000-000000000001"]}}
    assert key(other) != key(lead)
    concern = example("minor_recruitment_concern")
    assert key({**concern, "occurred_from": "2026-11-30T22:30:00Z"}) == key(concern)
    assert key({**concern, "occurred_from": "2026-11-30T23:30:00Z"}) != key(concern)


def test_replies_and_feedback_are_of_the_unit_that_gives_them() -> None:
    """Two units answer one request in two events."""
    for event_type in ("information_reply", "feedback_note"):
        event = example(event_type)
        assert key({**event, "origin_unit": {**ORIGIN, "unit": "se.nord"}}) != key(event)
        assert key({**event, "origin_unit": {**ORIGIN, "function": "surveillance"}}) == key(event)


def test_a_link_is_the_same_from_either_end() -> None:
    """The pair is sorted, and features are a set."""
    event = example("link_suggestion")
    pair = event["payload"]
    turned = example("link_suggestion", a_id=pair["b_id"], b_id=pair["a_id"], features=pair["features"][::-1])
    assert key(turned) == key(event)


def test_an_organisation_stands_for_a_country_in_a_foreign_message() -> None:
    """Clarification 61: the country, or the body that has none."""
    assert key(example("foreign_message", "europol-request")) == ("europol", "Europol", "EU-2026-77120", "2")


def test_geohash_agrees_with_the_published_cells() -> None:
    """The example of the geohash article, and a place in Sweden."""
    assert geohash(10.40744, 57.64911, 11) == "u4pruydqqvj"
    assert geohash(18.06858, 59.32932) == "u6sce0t"


def test_sealed_fields_are_those_of_the_law() -> None:
    """Clarification 28, and the keyed source everywhere."""
    sealed = {name: sealed_fields(name) - {"provenance.source_key"} for name in EVENT_TYPES}
    assert {name: fields for name, fields in sealed.items() if fields} == {
        "intelligence_report": {"payload.source_description"},
        "surveillance_observation": {"payload.observer_ref"},
        "financial_intelligence": {"payload.register_extract"},
        "minor_recruitment_concern": {"payload.child_ref"},
        "operational_plan": {"payload.window"},
        "information_reply": {"payload.refusal_ground"},
        "correction_order": {"payload.person_ref", "payload.reason"},
    }
    assert all("provenance.source_key" in sealed_fields(name) for name in EVENT_TYPES)


def test_person_fields_reach_into_lists() -> None:
    """A plan's targets are a list of models; the mark inside is found."""
    assert person_fields("operational_plan") == {"persons", "objects", "payload.targets.ref"}
    assert "payload.recruiter_refs" in person_fields("minor_recruitment_concern")


def test_a_key_does_not_change_its_event() -> None:
    """Keys only read."""
    event = example("weapon_seizure")
    before = copy.deepcopy(event)
    key(event)
    assert event == before
    assert isinstance(datetime.fromisoformat(event["occurred_from"]), datetime)
