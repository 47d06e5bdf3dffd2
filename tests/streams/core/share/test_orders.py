"""Orders: what human decisions change in what a later event may reach. Each test states one fact of it."""

from datetime import timedelta
from typing import Any

from streams.core.share import NO_ORDERS
from streams.core.share.case_event import CASE_TIME
from tests.streams.core.share.packs import JARVA, NORD, delivery, desks, event, ruling, told

SPOC = "se.noa-spoc/coordination"


def release(**changes: Any) -> dict[str, Any]:
    """A release as a case writes it: by the publisher of the event, to Järva's intelligence desk."""
    payload = {
        "decision_no": "dp-1",
        "target_ids": ["this"],
        "receiver": JARVA,
        "functions": ["intelligence"],
        "decided_as": "originator",
        "lifts": ["B02"],
        "fields_released": ["items", "areas"],
        "expires": CASE_TIME,
    }
    by = changes.pop("by", f"{NORD}/investigation")
    return {"event_type": "release_decision", "from": by, "payload": payload | changes}


def restricted(**changes: Any) -> dict[str, Any]:
    """A seizure that its handling code keeps at Stockholm Nord's investigation desk."""
    return event(event_type="drug_seizure", handling="H2", **{"by": f"{NORD}/investigation", **changes})


KEPT = {f"{NORD}/investigation"}
OPENED = {*KEPT, f"{JARVA}/intelligence"}


def test_a_release_holds_to_its_last_moment() -> None:
    """The end is included."""
    made = restricted()
    orders = told(release(), this=made["event_id"])
    assert desks(ruling(made, orders=orders)) == OPENED
    assert desks(ruling(made, orders=orders, at=CASE_TIME + timedelta(milliseconds=1))) == KEPT


def test_a_release_lifts_only_the_block_it_names_for_the_event_and_desk_it_names() -> None:
    """Another block, another event, another function or another unit is not covered."""
    made = restricted()
    for other in ({"lifts": ["B05"]}, {"target_ids": ["another"]}, {"functions": ["forensics"]}, {"receiver": "se"}):
        assert desks(ruling(made, orders=told(release(**other), this=made["event_id"]))) == KEPT


def test_what_cannot_be_lifted_is_not_lifted() -> None:
    """A release that names B03 opens nothing: B03 has nobody who may lift it."""
    made = event(event_type="drug_seizure", common_basis=None, by=f"{NORD}/investigation")
    orders = told(release(lifts=["B03"]), this=made["event_id"])
    assert f"{JARVA}/intelligence" not in desks(ruling(made, orders=orders))


def test_only_the_originator_releases() -> None:
    """Neither who received it, nor the publisher of another's information, nor the contact point for a Swede's."""
    made = restricted(originator="se.syd.malmo")
    for by, opened in ((f"{NORD}/investigation", KEPT), (SPOC, KEPT), ("se.syd.malmo/intelligence", OPENED)):
        assert desks(ruling(made, orders=told(release(by=by), this=made["event_id"]))) == opened


def test_the_contact_point_signs_for_an_originator_abroad() -> None:
    """The publisher itself may not."""
    made = restricted(originator="DK")
    assert desks(ruling(made, orders=told(release(), this=made["event_id"]))) == KEPT
    assert desks(ruling(made, orders=told(release(by=SPOC), this=made["event_id"]))) == OPENED


def test_a_released_delivery_shows_the_fields_released_and_no_others() -> None:
    """And what says which event it is and how it must be handled."""
    made = restricted(payload={"seizing_authority": "a", "seizure_no": "b", "items": [{"form": "powder"}]})
    said = delivery(ruling(made, orders=told(release(), this=made["event_id"])), f"{JARVA}/intelligence")
    assert {"payload.items.form", "areas", "event_id", "handling"} <= said.view.fields
    assert not said.view.fields & {"payload.seizing_authority", "origin_unit.unit", "geo.lat", "legal_origin"}
    assert said.view.names[-1] == "released"


def test_a_recalled_release_releases_nothing() -> None:
    """Whoever signed it may recall it; another unit may not."""
    made = restricted()
    signed = release() | {"event_id": "release-1"}
    for by, opened in ((f"{NORD}/intelligence", KEPT), (f"{JARVA}/intelligence", OPENED)):
        recall = {
            "event_type": "correction_order",
            "from": by,
            "payload": {"order_no": "1", "action": "recall", "target_ids": ["release-1"], "effective_at": CASE_TIME},
        }
        assert desks(ruling(made, orders=told(signed, recall, this=made["event_id"]))) == opened


def test_what_is_built_on_a_restricted_report_is_restricted() -> None:
    """It inherits handling, sensitivity and legal origin, and waits for the same originator."""
    source = {
        "event_id": "danish-report",
        "event_type": "intelligence_report",
        "from": "se.syd.malmo/intelligence",
        "handling": "H2",
        "originator": "DK",
        "sensitivity": 3,
        "legal_origin": "foreign",
    }
    made = event(event_type="drug_seizure", by=f"{NORD}/investigation")
    made["provenance"]["derived_from"] = ["danish-report"]
    assert desks(ruling(made)) > KEPT
    orders = told(source)
    said = ruling(made, orders=orders)
    assert desks(said) == KEPT
    assert (said.handling, said.sensitivity) == ("H2", 3)
    assert orders.inherited(made)["legal_origin"] == "foreign"
    orders = told(source, release(by=SPOC), this=made["event_id"])
    assert desks(ruling(made, orders=orders)) == OPENED


def test_what_matters_to_nobody_else_is_not_told() -> None:
    """An ordinary seizure changes no orders; a restricted one does, once."""
    made, bound = event(event_type="drug_seizure"), restricted()
    assert not NO_ORDERS.relevant(made)
    assert NO_ORDERS.told(made, CASE_TIME) is NO_ORDERS
    assert NO_ORDERS.relevant(bound)
    assert not NO_ORDERS.told(bound, CASE_TIME).relevant(bound)
    assert NO_ORDERS.originators(made) == frozenset()
