"""What may overtake: danger to life, whatever its publisher claims, and nothing that must wait for an order."""

from typing import Any

import pytest

from producers.encoding import Encoded, encode
from schemas.codec import MAX_BUS_BYTES, Codec
from schemas.flash import flash_topic_of, is_flash
from schemas.gazetteer import load_gazetteer
from schemas.substances import load_substances
from tests.orders import JARVA, Body, correction, seizure

CODEC, SUBSTANCES = Codec(), load_substances()
DANGER: Body = {"danger_to_life": True, "danger_reason": "Övning: hot mot liv."}


def confirmed(substance_id: str, identification: str = "lab_confirmed") -> Body:
    """A seizure with one substance, as surely identified as said."""
    body = seizure()
    item = body["payload"]["items"][0]
    body["payload"]["items"] = [item | {"substance_id": substance_id, "identification": identification}]
    return body


CASES: dict[str, tuple[Body, bool]] = {
    "danger to life": (seizure(**DANGER), True),
    "a life-threatening substance, confirmed": (confirmed("protonitazene"), True),
    "the same, alleged": (confirmed("protonitazene", "alleged"), False),
    "another substance, confirmed": (confirmed("cocaine"), False),
    "routine": (seizure(), False),
    "the publisher's own priority": (seizure(priority=1), False),
    "under its provider's control": (seizure(**DANGER, handling="H2", originator="DK"), False),
    "in a closed circle": (seizure(**DANGER, sensitivity=4), False),
    "of a case": (seizure(**DANGER, case_ref="e" * 64), True),
    "secret in its case": (seizure(**DANGER, case_ref="e" * 64, investigation_secret=True), False),
    "from a coercive measure": (seizure(**DANGER, legal_origin="coercive_measure"), False),
    "an order": (correction(seizure()) | DANGER, False),
}


@pytest.mark.parametrize("name", CASES)
def test_publisher_and_bus_decide_alike(name: str) -> None:
    """Whoever encodes it, and intake which decodes it, come to the same."""
    body, flash = CASES[name]
    encoded = encode(CODEC, body, f"{JARVA}/investigation")
    assert isinstance(encoded, Encoded), encoded
    decoded: dict[str, Any] = CODEC.decode(encoded.value, limit=MAX_BUS_BYTES).value
    assert (encoded.flash, is_flash(decoded, SUBSTANCES)) == (flash, flash)


def test_the_lane_lies_beside_the_intake_topic() -> None:
    """The gateway's and a unit's; a topic that is nobody's intake has none."""
    gazetteer = load_gazetteer()
    assert flash_topic_of("in.gateway", gazetteer) == "in.flash"
    assert flash_topic_of(f"in.{JARVA}", gazetteer) == f"in.flash.{JARVA}"
    assert flash_topic_of("in.elsewhere", gazetteer) == "in.elsewhere"
