"""Which other events the rules ask about: few types do, and a pack says which."""

from pathlib import Path

from streams.core.share import Pack
from streams.core.share.asking import Asking
from tests.streams.core.share.packs import PACK, changed, event

A, B = "019cae40-7e00-7000-8000-00000000000a", "019cae40-7e00-7000-8000-00000000000b"


def test_a_link_asks_about_its_ends_and_feedback_about_its_report() -> None:
    """Each id once, and never the event itself."""
    asking = Asking(PACK)
    link = event(event_type="link_suggestion", payload={"a_id": A, "b_id": B})
    note = event(event_type="feedback_note", provenance={"derived_from": [A]}, payload={"about_id": A})
    assert asking(link) == (A, B)
    assert asking(note) == (A,)
    assert asking({**note, "event_id": A}) == ()


def test_other_events_ask_about_nothing_though_they_derive_from_others() -> None:
    """No question travels for them."""
    made = event(event_type="drug_seizure", provenance={"derived_from": [A]})
    assert Asking(PACK)(made) == ()


def test_a_pack_that_sends_nothing_back_asks_about_no_report(tmp_path: Path) -> None:
    """What is asked follows from the rules, not from the types."""
    other = Pack.load(changed(tmp_path, "sharing-vertical.yaml", "to: reporters", "to: origin"))
    note = event(event_type="feedback_note", payload={"about_id": A})
    assert Asking(PACK)(note) == (A,)
    assert Asking(other)(note) == ()
