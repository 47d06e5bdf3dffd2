"""Events to take out, made up, and a desk that may."""

from decimal import Decimal
from typing import Any

from consumers.archive.archive import Archive
from consumers.archive.asker import Somebody
from consumers.exports.making import Export, make_export, read_request
from tests.consumers.archive.made import ANNA, AT, NOW, Came, came

UNIT = "se.stockholm.stockholm-nord"
CUSTOMS, EUROPOL, PROSECUTOR = "partner.tullverket", "partner.europol", "partner.aklagarmyndigheten"
MUNICIPALITY, NGO = "partner.kommunerna", "partner.frivilligorganisationerna"
GRADED = {"source": "B", "info": 2, "by": "x-1", "at": AT}
PLACE = {
    "lon": Decimal("17.93000"),
    "lat": Decimal("59.37000"),
    "accuracy_m": 50,
    "place_type": None,
    "place_label": "Torget",
}


def event(summary: str = "Skåpbil vid torget, åtta lådor.", **said: Any) -> Came:
    """A graded report with a place: sensitivity 2, handling H0, unless told otherwise."""
    fields = {"grading": GRADED, "geo": PLACE, "legal_origin": "own_observation"} | said
    return came({"summary": summary}, **fields)


def picture(**said: Any) -> Came:
    """A situation picture with judgements and figures."""
    figure = {"area": UNIT, "measure": "seizures", "count": 12, "earlier_count": 7, "substance_id": "cocaine"}
    mass = {
        "area": UNIT,
        "measure": "mass",
        "mass_g": Decimal("1250.500"),
        "earlier_mass_g": None,
        "substance_id": "cocaine",
    }
    payload = {
        "scope": "local",
        "theme": said.pop("theme", "Öppna drogscener i Järva"),
        "period": {"first_day": AT.date(), "last_day": AT.date()},
        "figures": [figure, mass],
        "key_judgements": [{"text": "Försäljningen flyttar.", "probability": "likely", "confidence": "moderate"}],
        "gaps": ["Vem som står för logistiken – okänt"],
        "input_count": 31,
        "review_by": AT.date(),
    }
    return came(payload, event_type="situation_picture", grading=GRADED, **said)


def release(target: Came, receiver: str, *lifts: str, **said: Any) -> Came:
    """A release decision that the desk got."""
    payload = {
        "decision_no": "D-1",
        "target_ids": [target.event_id],
        "receiver": receiver,
        "functions": [],
        "gate": "OSL 10:15 a",
        "decided_as": "originator",
        "lifts": list(lifts),
        "fields_released": said.pop("fields", ["payload.summary"]),
        "expires": said.pop("expires", NOW.replace(year=NOW.year + 1)),
    }
    return came(payload, event_type="release_decision", areas=[], **said)


def taken(archive: Archive, *wanted: Came, receiver: str = CUSTOMS, asker: Somebody = ANNA, **said: Any) -> Export:
    """An export of events."""
    fields: dict[str, Any] = {"format": "csv", "ground": "OSL 10:15 a", "purpose": "P1"}
    fields |= {"event_ids": [each.event_id for each in wanted], "receiver": receiver} | said
    return make_export(archive, asker, read_request(fields), now=NOW)
