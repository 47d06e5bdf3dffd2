"""The police's open notices, in the open API's form, reach the desks of their county or municipality and no others."""

import gzip
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

from producers.polisen import Notices
from tests.streams.engine.lanes import CODEC, REFERENCE, Lanes
from tests.streams.engine.test_orders import desks, published_by

PUBLISHER = "se.noa/investigation"
KALMAR_KRONOBERG, SCANIA = ["se.syd.kalmar-kronoberg"], "se.syd.blekinge-nordostra-skane"
#: The counties as the API names them, with the police areas that lie in them (Polismyndigheten's division).
COUNTIES = {
    "Stockholms län": [
        "se.stockholm.stockholm-city",
        "se.stockholm.stockholm-nord",
        "se.stockholm.stockholm-syd",
    ],
    "Gotlands län": ["se.stockholm.gotland"],
    "Uppsala län": ["se.mitt.uppsala"],
    "Västmanlands län": ["se.mitt.vastmanland"],
    "Gävleborgs län": ["se.mitt.gavleborg"],
    "Södermanlands län": ["se.ost.sodermanland"],
    "Östergötlands län": ["se.ost.ostergotland"],
    "Jönköpings län": ["se.ost.jonkoping"],
    "Kronobergs län": KALMAR_KRONOBERG,
    "Kalmar län": KALMAR_KRONOBERG,
    "Blekinge län": [SCANIA],
    "Skåne län": ["se.syd.nordvastra-skane", "se.syd.malmo", "se.syd.sodra-skane", SCANIA],
    "Hallands län": ["se.vast.halland"],
    "Västra Götalands län": ["se.vast.storgoteborg", "se.vast.alvsborg", "se.vast.skaraborg", "se.vast.fyrbodal"],
    "Värmlands län": ["se.bergslagen.varmland"],
    "Örebro län": ["se.bergslagen.orebro"],
    "Dalarnas län": ["se.bergslagen.dalarna"],
    "Västernorrlands län": ["se.nord.vasternorrland"],
    "Jämtlands län": ["se.nord.jamtland"],
    "Västerbottens län": ["se.nord.vasterbotten"],
    "Norrbottens län": ["se.nord.norrbotten"],
}
#: Municipalities whose own local police areas the gazetteer lists, and one of which it knows the county alone.
MUNICIPALITIES = {
    "Kiruna": ["se.nord.norrbotten.norra-lappland"],
    "Borlänge": ["se.bergslagen.dalarna.borlange"],
    "Halmstad": ["se.vast.halland"],
}


def notice(number: int, place: str, kind: str = "Rån") -> dict[str, Any]:
    """A made-up notice in the open API's form."""
    return {
        "seen_at": "2026-07-01T18:00:00+00:00",
        "id": 910_000 + number,
        "datetime": "2026-07-01 19:40:00 +02:00",
        "name": f"01 juli 19.12, {kind}, {place}",
        "summary": "Påhittad notis.",
        "url": f"/aktuellt/handelser/pahittad/{number}/",
        "type": kind,
        "location": {"name": place},
    }


def through_the_bus(lines: Iterable[dict[str, Any]]) -> tuple[Lanes, list[dict[str, Any]]]:
    """The lanes after these notices, and the event that each is."""
    mapping, lanes, bodies = Notices(REFERENCE.gazetteer), Lanes(), []
    for line in lines:
        body = mapping.event(line)
        assert isinstance(body, dict), line
        bodies.append(body)
    published_by(lanes, *((body, PUBLISHER) for body in bodies))
    return lanes, bodies


def of(units: Iterable[str], *functions: str) -> set[str]:
    """The desks with these functions of units."""
    found = {f"{unit}/{function}" for unit in units for function in functions}
    assert all(REFERENCE.gazetteer.known_desk(desk) for desk in found)
    return found


@pytest.mark.parametrize("place", [*COUNTIES, *MUNICIPALITIES])
def test_a_notice_reaches_intelligence_and_prevention_of_its_place_alone(place: str) -> None:
    """And the desk that published it; nothing goes to the region, or to the neighbour."""
    lanes, (body,) = through_the_bus([notice(1, place)])
    units = {**COUNTIES, **MUNICIPALITIES}[place]
    assert desks(lanes, body) == {PUBLISHER, *of(units, "intelligence", "prevention")}


@pytest.mark.parametrize("place", COUNTIES)
def test_a_notice_of_a_shooting_warns_every_desk_of_its_place_of_a_conflict(place: str) -> None:
    """It says enough to be an event of its own type, so its own rules apply, S01 and S15 among them."""
    lanes, (body,) = through_the_bus([notice(2, place, "Skottlossning")])
    assert body["event_type"] == "violence_incident"
    assert of(COUNTIES[place], "intelligence", "surveillance", "investigation") <= desks(lanes, body)
    assert of(COUNTIES[place], "intelligence", "prevention") <= desks(lanes, body, "S15")


def test_a_later_version_of_a_notice_reaches_whoever_had_the_first() -> None:
    """As the next revision, to the same desks; the same version again reaches nobody."""
    first = notice(3, "Skåne län")
    later = {**first, "summary": "Påhittad notis, rättad.", "seen_at": "2026-07-01T19:00:00+00:00"}
    lanes, (one, two, again) = through_the_bus([first, later, later])
    assert desks(lanes, one) == desks(lanes, two)
    assert [each["revision"] for each in lanes.deliveries(two["event_id"])] == [2] * len(desks(lanes, two))
    assert again["event_id"] == two["event_id"]


def test_a_place_that_nobody_knows_reaches_nobody_and_is_told_why() -> None:
    """No desk gets it by a guess."""
    lanes, (body,) = through_the_bus([notice(4, "Atlantis län")])
    assert desks(lanes, body) == set()
    assert lanes.refused() == ["AREA_UNKNOWN/areas/0"]


def _lines(path: Path) -> list[dict[str, Any]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [orjson.loads(line) for line in data.splitlines()]


@pytest.mark.only_if("SAMBUS_NOTICES" in os.environ)  # the variable names a file of real notices
def test_every_real_notice_reaches_the_desks_of_its_county_or_municipality() -> None:
    """Each version that was not told before; what a place of no unit says is in quarantine, with its code."""
    lines = _lines(Path(os.environ["SAMBUS_NOTICES"]))
    lanes, bodies = through_the_bus(lines)
    latest = {body["event_id"]: (line, body) for line, body in zip(lines, bodies, strict=True)}
    refused = {event_id for event_id, (_, body) in latest.items() if body["areas"][0].startswith("se.okand")}
    assert Counter(lanes.refused()) == Counter(["AREA_UNKNOWN/areas/0"] * len(refused))
    reached: dict[str, set[str]] = {}
    for output in lanes.written:
        if output.topic.startswith("deliver."):
            value = CODEC.decode(output.value or b"").value
            reached.setdefault(value["event_id"], set()).add(value["desk"])
    for event_id, (line, body) in latest.items():
        place = line["location"]["name"]
        units = COUNTIES.get(place, body["areas"]) if event_id not in refused else ()
        assert of(units, "intelligence", "prevention") <= reached.get(event_id, set()), place
