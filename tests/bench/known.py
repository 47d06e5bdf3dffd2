"""Events that a bus knows, others that meet them, and what comes of both: the same whatever happens in between.

They are told as real ones, so that no made-up event, of however many, meets them or counts with them.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from consumers.pictures import picture_rows
from producers.client import RawRecord
from schemas.codec import MAX_BUS_BYTES
from schemas.topics import ASSESSED
from streams.engine.records import FOUND_HEADER
from tests.bus import CODEC, Bus, committed
from tests.orders import Body, published
from tests.streams.engine.errand_lanes import NORRKOPING, made

_HERE, _OTHERS = f"{NORRKOPING}/investigation", "se.syd.malmo/investigation"
#: Two days ago and more: no window of a day begins or ends there.
_AGO: Final = timedelta(days=3)
#: No poisoning of one place is near one of another.
_APART_KM: Final = 200


class Told(NamedTuple):
    """What a bus made of the events.

    Shape: of each pair that it links, how; of each event that it found something of, that; figures by row.
    """

    links: dict[frozenset[str], tuple[str, str]]
    context: dict[str, tuple[Any, ...]]
    figures: dict[tuple[str, str, str], tuple[tuple[Any, ...], ...]]


class Known:
    """The events: ``before`` are known, ``after`` meet them.

    Shape: at each place a shooting that another unit tells of too, one near which a weapon is found, a poisoning that
    another follows, and a car that another unit seizes too.
    """

    def __init__(self, places: int) -> None:
        self._before, self._after = list[tuple[Body, str]](), list[tuple[Body, str]]()
        self.ids: set[str] = set()
        self.places = places
        for number in range(places):
            self._place(_APART_KM * (number - places // 2), f"{number + 1:064x}")
        self.ids = {body["event_id"] for body, _ in (*self._before, *self._after)}

    @property
    def before(self) -> list[RawRecord]:
        """What is known."""
        return [published(*each) for each in self._before]

    @property
    def after(self) -> list[RawRecord]:
        """What meets it."""
        return [published(*each) for each in self._after]

    def _place(self, north_km: float, car: str) -> None:
        shooting = _real("violence_incident", north_km)
        again = _real("violence_incident", north_km, occurred_from=shooting["occurred_from"])
        cars = [
            _real("drug_seizure", north_km + 60 + away, objects=[{"kind": "vehicle", "ref": car}]) for away in (0, 20)
        ]
        other, weapon = _real("violence_incident", north_km + 20), _real("weapon_seizure", north_km + 20.5)
        weapon["payload"]["items"] = [weapon["payload"]["items"][0] | {"serial_hash": car[::-1]}]
        weapon["payload"]["ballistic_ref"] = None
        recovered = {"outcome": "recovered", "autopsy_pending": False}
        poisonings = [_real("drug_poisoning", north_km + 40 + away, payload=recovered) for away in (0, 10)]
        self._before += [(each, _HERE) for each in (shooting, other, poisonings[0], cars[0])]
        self._after += [(again, _OTHERS), (weapon, _HERE), (poisonings[1], _HERE), (cars[1], _OTHERS)]

    async def told(self, bus: Bus, within: float = 120.0) -> Told:
        """What the bus made of them, when all of it is there. Errors: ``TimeoutError`` with what is."""
        deadline = time.monotonic() + within
        while not _whole(told := await self._told(bus), self.places):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not all that known events come to: {told}")
            await asyncio.sleep(1)
        await bus.caught_up(within)
        return await self._told(bus)

    async def _told(self, bus: Bus) -> Told:
        links: dict[frozenset[str], tuple[int, str, str]] = {}
        context: dict[str, tuple[Any, ...]] = {}
        async for record in committed(bus.options, (ASSESSED,)):
            event = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
            if event["event_type"] == "link_suggestion":
                said = event["payload"]
                ends = frozenset((said["a_id"], said["b_id"]))
                if ends <= self.ids:
                    word = event["revision"], str(said["status"]), str(said["relation"])
                    links[ends] = max(links.get(ends, (0, "", "")), word)
            elif event["event_id"] in self.ids and any(name == FOUND_HEADER for name, _ in record.headers):
                found = event["enrichment"]
                context[event["event_id"]] = (
                    found["cluster"] and found["cluster"]["count_7d_50km"],
                    found["violence_count_14d_2km"],
                    found["conflict_score"],
                    found["novelty"],
                )
        rows = [row for row in await picture_rows(bus.options, CODEC) if not row.synthetic]
        return Told(
            {ends: (relation, status) for ends, (_, status, relation) in links.items()},
            context,
            {
                (row.area, row.theme, row.window): tuple(
                    (str(line.measure), line.substance_id, line.count, line.mass_g) for line in row.figures
                )
                for row in rows
            },
        )


def _real(event_type: str, north_km: float, **fields: Any) -> Body:
    """An event that is told as a real one, with nobody in it that another has."""
    alone = {"persons": [], "objects": []} | fields
    return made(event_type, _AGO, north_km=north_km, synthetic=False, **alone)


def _whole(told: Told, places: int) -> bool:
    """Whether all has been found and counted: a joined shooting counts once."""
    counts = {
        measure: count
        for theme in ("violence", "harm", "drugs", "weapons")
        for measure, substance, count, _ in told.figures.get(("se", theme, "28d"), ())
        if substance is None
    }
    wanted = {"violence": 2, "poisonings": 2, "seizures": 2, "weapon_seizures": 1}
    counted = all(counts.get(measure) == number * places for measure, number in wanted.items())
    return counted and len(told.links) == 2 * places and len(told.context) == 3 * places


def relations(told: Told) -> dict[str, int]:
    """How many pairs there are of each relation, by the bus's last word."""
    found: Sequence[str] = [relation for relation, status in told.links.values() if status == "suggested"]
    return {relation: found.count(relation) for relation in sorted(set(found))}
