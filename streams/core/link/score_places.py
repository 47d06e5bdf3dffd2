"""What happens at a place: violence, observations, poisonings, and open drug scenes.

Source: domain event catalogue, sections 3.1-3.3; clarifications 44, 51-53, 56, 57.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from schemas.events.control import LinkRelation
from streams.core.link.cells import DAY_MS, MINUTE_MS, exact_enough, gap_ms, metres_between, place_blocks, slack_m
from streams.core.link.form import Glance, Glances, Likeness, Look, Sighting, Spot, Told, digest, same_unit
from streams.core.link.glance import InPlace
from streams.core.link.thresholds import Observations, PlaceTime, Scenes

#: Kinds of violence are compared within a group (clarification 56).
_GROUPS: Final = {
    "shooting": "gun",
    "explosion": "blast",
    "attempted_explosion": "blast",
    "arson": "blast",
    "stabbing": "knife",
    "threat": "threat",
}
#: A scene that is no more where it was, and one that is.
_GONE: Final = ("closed", "displaced")
_THERE: Final = ("suspected", "active")
#: What describes an incident: where one unit gives two numbers, a difference in it means two incidents.
_DESCRIBES: Final = ("target_kind", "dead")
_FIREARM: Final = ("vapen", "pistol", "skjut", "skott", "revolver", "gevär")


class PlaceRule:
    """Near in place and time: the part that all these rules share."""

    glances: Glances

    def __init__(self, limits: PlaceTime) -> None:
        self.limits = limits
        self.glances = InPlace(limits.window_ms, limits.metres)

    def blocks(self, name: str, told: Told) -> tuple[bytes, ...]:
        """The cells and spans of time in which a match could lie; none for an event without a place."""
        if told.spot is None:
            return ()
        return tuple(place_blocks(name, told.spot, self.limits.metres, told.span, self.limits.window_ms))

    def near(self, one: Sighting, other: Sighting) -> float | None:
        """How near two events are, 1 for the same place and time; None when they are not near enough."""
        gap = gap_ms(one, other)
        if gap > self.limits.window_ms:
            return None
        metres = metres_between(one, other)
        limit = self.limits.metres + slack_m(one, other)
        if metres is None or metres > limit:
            return None
        return 1 - (metres / limit + gap / self.limits.window_ms) / 4


class Violence(PlaceRule):
    """Violence incidents: same group of kinds, place and time: one incident, many calls."""

    def look(self, told: Told) -> Look:
        """The group of its kind, and what tells two incidents of one command apart."""
        payload = told.payload
        group = _violence_group(payload)
        described = [str(payload[name]) if payload.get(name) is not None else None for name in _DESCRIBES]
        features = {"group": group, "numbered": bool(payload.get("incident_no")), "described": described}
        return Look(features, self.blocks(f"violence {group}", told))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """One incident told twice; related only when a place is a guess, or when one unit gave it two numbers."""
        mine, others = one.features, other.features
        if mine["group"] != others["group"]:
            return None
        near = self.near(one, other)
        if near is None:
            return None
        two_numbers = mine["numbered"] and others["numbered"] and same_unit(one, other)
        if two_numbers and _differ(mine["described"], others["described"]):
            return None
        joined = exact_enough(one, other) and not two_numbers
        relation = LinkRelation.DUPLICATE if joined else LinkRelation.RELATED
        return Likeness(relation, ("kind", "place", "time"), near)


class Observed(PlaceRule):
    """Surveillance observations: kind or plate, place and time. Two observers stay two (clarification 53)."""

    def __init__(self, limits: Observations) -> None:
        super().__init__(limits)
        self._again_ms = limits.told_again_minutes * MINUTE_MS

    def look(self, told: Told) -> Look:
        """Its kind, its observer, and where it was."""
        payload = told.payload
        features = {"kind": str(payload["observation_kind"]), "by": digest(str(payload["observer_ref"]))}
        return Look(features, self.blocks("observation", told))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """Related; the same observer telling again of the same minutes is a duplicate, of others nothing."""
        near = self.near(one, other)
        if near is None:
            return None
        mine, others = one.features, other.features
        car = _same_car(one, other)
        same_kind = mine["kind"] == others["kind"]
        if car is False or not (same_kind or car):
            return None
        found = ("place", "time", *(("kind",) if same_kind else ()), *(("plate",) if car else ()))
        if mine["by"] != others["by"]:
            return Likeness(LinkRelation.RELATED, found, near)
        again = same_kind and exact_enough(one, other) and gap_ms(one, other) <= self._again_ms
        return Likeness(LinkRelation.DUPLICATE, ("observer", *found), near) if again else None


class Poisonings(PlaceRule):
    """Poisonings: one victim may be counted by police and health; that is only suggested."""

    def look(self, told: Told) -> Look:
        """Age, case and what the laboratory found, so that two victims are told apart."""
        payload = told.payload
        number = payload.get("case_no")
        features = {
            "age": str(payload["age_band"]),
            "case": digest(str(number)) if number else 0,
            "found": sorted(map(str, payload.get("substances_confirmed") or ())),
        }
        return Look(features, self.blocks("poisoning", told))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """Related, unless the victims differ: in age, in what was found, or by two cases of one authority."""
        mine, others = one.features, other.features
        two_cases = mine["case"] and others["case"] and _authority(one) == _authority(other)
        found = mine["found"] and others["found"] and set(mine["found"]).isdisjoint(others["found"])
        if mine["age"] != others["age"] or two_cases or found:
            return None
        near = self.near(one, other)
        return None if near is None else Likeness(LinkRelation.RELATED, ("age", "place", "time"), near)


class OpenScenes:
    """Open drug scenes: the same one by place and hours, and one that moved here from another place."""

    def __init__(self, limits: Scenes) -> None:
        self._limits = limits
        self._cells = max(limits.metres, limits.displaced_metres)
        self._window_ms = max(limits.days, limits.displaced_days) * DAY_MS
        self.glances = _ScenesAtAGlance(limits)

    def look(self, told: Told) -> Look:
        """Its centre, its hours of the week, and since when it is there."""
        payload, spot = told.payload, _centre(told)
        first, last = _day_ms(payload["first_seen"]), _day_ms(payload["last_seen"]) + DAY_MS
        features = {
            "hours": _hours(payload.get("pattern") or ()),
            "place": str(payload["place_type"]),
            "status": str(payload["status"]),
            "first": first,
            "last": last,
            "scene": digest(str(payload["scene_id"])),
        }
        if spot is None:
            return Look(features)
        span = (last - DAY_MS, last)
        return Look(features, tuple(place_blocks("scene", spot, self._cells, span, self._window_ms)), spot=spot)

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """The same scene, or the scene that another became."""
        metres = metres_between(one, other)
        if metres is None:
            return None
        mine, others = one.features, other.features
        apart = max(0, others["first"] - mine["last"], mine["first"] - others["last"])
        limit = self._limits.metres + slack_m(one, other)
        if metres <= limit and apart <= self._limits.days * DAY_MS and _overlap(mine["hours"], others["hours"]):
            relation = LinkRelation.DUPLICATE if exact_enough(one, other) else LinkRelation.RELATED
            return Likeness(relation, ("place", "hours"), 1 - metres / limit / 2)
        return self._moved(mine, others, metres, slack_m(one, other))

    def _moved(self, one: Mapping[str, Any], other: Mapping[str, Any], metres: float, slack: int) -> Likeness | None:
        former, later = sorted((one, other), key=lambda scene: (scene["last"], scene["first"]))
        limit = self._limits.displaced_metres + slack
        gone = former["status"] in _GONE and later["status"] in _THERE
        since = later["first"] - former["last"] + DAY_MS
        if not gone or metres > limit or not 0 <= since <= self._limits.displaced_days * DAY_MS:
            return None
        return Likeness(LinkRelation.DISPLACEMENT, ("former_scene", "place"), 1 - metres / limit / 2)


class _ScenesAtAGlance(InPlace):
    """Scenes at one spot, and farther off those of which one is gone and the other there."""

    def __init__(self, limits: Scenes) -> None:
        super().__init__(limits.days * DAY_MS, limits.metres)
        self._moved_m, self._moved_ms = limits.displaced_metres, limits.displaced_days * DAY_MS

    def of(self, sighting: Sighting) -> Glance:
        """The days on which it was seen, its place, and whether it is gone."""
        told = sighting.features
        gone = told["status"] in _GONE
        return sighting.matter, told["first"], told["last"], sighting.lon, sighting.lat, gone

    def may(self, mine: Glance, others: Iterable[Glance]) -> Sequence[bytes]:
        """Those near in time and place."""
        known = list(others)
        moved = InPlace(self._moved_ms, self._moved_m).may(mine, (each for each in known if each[5] is not mine[5]))
        return list(dict.fromkeys((*super().may(mine, known), *moved)))


def _differ(one: list[str | None], other: list[str | None]) -> bool:
    """Whether two descriptions differ in something that both tell."""
    return any(mine != others for mine, others in zip(one, other, strict=True) if mine and others)


def _authority(sighting: Sighting) -> str:
    """The police, or the partner that told it."""
    unit = sighting.origin.partition("/")[0]
    return "se" if unit.partition(".")[0] == "se" else unit


def _same_car(one: Sighting, other: Sighting) -> bool | None:
    """Whether two plates are one, give or take a character; None when one of them is not told."""
    mine, others = one.features.get("plate"), other.features.get("plate")
    if mine is None or others is None:
        return None
    return not set(mine).isdisjoint(others)


def _violence_group(payload: Mapping[str, Any]) -> str:
    """The group of kinds: a threat with a firearm is compared with shootings."""
    kind = str(payload["kind"])
    if kind == "threat":
        told = (payload.get("summary") or "").casefold()
        if payload.get("rounds_est") is not None or any(word in told for word in _FIREARM):
            return "gun"
    return _GROUPS.get(kind, kind)


def _centre(told: Told) -> Spot | None:
    """The middle of a scene; its extent is no doubt about the middle."""
    accuracy = told.spot.accuracy_m if told.spot is not None else 0
    centre, polygon = told.payload.get("centre"), told.payload.get("polygon")
    if centre is not None:
        return Spot(float(centre["lon"]), float(centre["lat"]), accuracy)
    if polygon:
        lon = sum(float(corner["lon"]) for corner in polygon) / len(polygon)
        lat = sum(float(corner["lat"]) for corner in polygon) / len(polygon)
        return Spot(lon, lat, accuracy)
    return told.spot


def _hours(pattern: Iterable[Mapping[str, Any]]) -> list[int]:
    """The hours of each weekday as bits of a number, Monday first; empty when no pattern is told."""
    week = [0] * 7
    for entry in pattern:
        if entry["intensity"]:
            week[entry["weekday"] - 1] |= (1 << entry["hour_to"]) - (1 << entry["hour_from"])
    return week if any(week) else []


def _overlap(one: list[int], other: list[int]) -> bool:
    """Whether two patterns have an hour in common; one that is not told speaks against nothing."""
    return not one or not other or any(mine & others for mine, others in zip(one, other, strict=True))


def _day_ms(day: Any) -> int:
    """The start of a day, in ms since 1970."""
    found = day if isinstance(day, date) else date.fromisoformat(str(day))
    return (found - date(1970, 1, 1)).days * DAY_MS
