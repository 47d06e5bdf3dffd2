"""Lanes that send errands, and events to send: made up, at places and times that a test gives."""

from datetime import UTC, datetime, timedelta
from typing import Any

from producers.client import new_event_id
from schemas.example_data import good_examples
from schemas.topics import ACCEPTED, ASSESSED, ENTITIES, FLASH_ACCEPTED
from streams.core.context.forms import ContextTerms, load_context
from streams.core.context.questions import Questioner
from streams.core.link.keys import MatchKeys
from streams.core.link.match import Matcher
from streams.core.link.refs import Tokens
from streams.engine.assess_step import AssessStep
from streams.engine.errands import Errands, ErrandTeller
from streams.engine.link_step import LinkStep
from streams.engine.records import FOUND_HEADER
from tests.orders import Body
from tests.streams.core.made import KEYS
from tests.streams.engine.lanes import CODEC, REFERENCE, Lanes

TERMS = load_context()
NORRKOPING, LINKOPING = "se.ost.ostergotland.norrkoping", "se.ost.ostergotland.linkoping"
#: Norrköping's middle, and steps of about a kilometre.
PLACE = (16.185, 58.587)
KM_NORTH, KM_EAST = 1 / 111.2, 1 / 57.9
DAY = timedelta(days=1)


def errand_lanes(count: int = 3, terms: ContextTerms = TERMS, keys: MatchKeys = KEYS) -> Lanes:
    """Lanes whose only teller is that of errands."""
    lanes, matcher = Lanes(count), Matcher()
    tellers = (ErrandTeller(Questioner(REFERENCE, terms, Tokens(keys).of_network)),)
    lanes._steps[ACCEPTED] = lanes._steps[FLASH_ACCEPTED] = AssessStep(CODEC, REFERENCE, lanes.share, tellers)
    lanes._steps[ENTITIES] = LinkStep(CODEC, matcher, matcher.thresholds.version, errands=Errands(terms))
    return lanes


def made(event_type: str, ago: timedelta = DAY, north_km: float = 0, east_km: float = 0, **fields: Any) -> Body:
    """An event that happened some time ago, so far from Norrköping's middle; ``payload`` is joined to the example's."""
    body = good_examples(event_type)[0].body
    event_id, when = new_event_id(), datetime.now(UTC) - ago
    for name, moment in (("occurred_from", when), ("reported_at", when + timedelta(minutes=5))):
        body[name] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body.pop("occurred_to", None)
    lon, lat = PLACE[0] + east_km * KM_EAST, PLACE[1] + north_km * KM_NORTH
    body |= {"event_id": event_id, "provenance": {"root_ids": [event_id]}, "areas": [NORRKOPING]}
    body["geo"] = {"lon": f"{lon:.5f}", "lat": f"{lat:.5f}", "accuracy_m": 50}
    payload = body["payload"] | fields.pop("payload", {})
    for number in ("case_no", "incident_no", "seizure_no"):
        if number in payload:
            payload[number] = event_id.replace("-", "").ljust(64, "0")
    return body | fields | {"payload": payload}


def found(lanes: Lanes, body: Body) -> dict[str, Any]:
    """The enrichment with which an event came home; empty if it did not."""
    for output in reversed(lanes.written):
        if output.topic == ASSESSED and any(name == FOUND_HEADER for name, _ in output.headers):
            event = CODEC.decode(output.value or b"").value
            if event["event_id"] == body["event_id"]:
                return dict(event["enrichment"])
    return {}
