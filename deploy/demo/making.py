"""Makes the story's events: bodies, ids and records that are the same each time for the same day and seed."""

import copy
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.cli.names import title_of
from deploy.demo.story import Chapter, Telling
from producers.client import RawRecord
from schemas.codec import ORIGIN_HEADER, Codec, cloud_event_headers
from schemas.example_data import Body, good_examples, moved_in_time
from schemas.model import to_wire_time
from schemas.validation import validate

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_CLOCK = re.compile(r"@(\d\d):(\d\d)")
_DAYS_ON = re.compile(r">(\d+)")


@dataclass(frozen=True, slots=True)
class Made:
    """One event of the story, ready to publish. ``record`` is there when it goes past the client, as bytes."""

    telling: Telling
    event_id: str
    body: Body
    record: RawRecord | None = None

    def title(self, lang: str) -> str:
        """What the story calls it, else the title of its type."""
        called = self.telling.called
        return called[lang] if called is not None else title_of(self.body["event_type"], lang)

    @property
    def desk(self) -> str:
        """The desk that publishes it."""
        return self.telling.from_desk


class Maker:
    """Makes events of one day.

    Shape: ``day`` is the day that is told; everything else follows from it, the seed and the story.
    Errors: ``ValueError`` for a story that names an example, an event or a place in a body that is not there.
    """

    def __init__(self, day: date, seed: str = "sambus") -> None:
        self._day = day
        self._seed = seed
        self._made: dict[str, Made] = {}

    def chapter(self, chapter: Chapter) -> list[Made]:
        """The events of a chapter, in the order of the story. Chapters come in order, too."""
        now = self.moment(chapter.at)
        return [self._make(telling, now) for telling in chapter.events]

    def made(self, name: str) -> Made:
        """An event of the story that was made before."""
        if name not in self._made:
            raise ValueError(f"the story tells of {name!r} before it happens")
        return self._made[name]

    def moment(self, clock: str) -> datetime:
        """A time of the told day."""
        hour, minute = map(int, clock.split(":"))
        return datetime(self._day.year, self._day.month, self._day.day, hour, minute, tzinfo=STOCKHOLM)

    def _make(self, telling: Telling, now: datetime) -> Made:
        body = self._start(telling, now)
        own_id = self._new_id(telling.name, now)
        body = _renamed(body, body["event_id"], own_id)
        for at in telling.remove:
            parent, key = _find(body, at)
            del parent[key]
        for at, value in telling.change.items():
            parent, key = _find(body, at)
            parent[key] = self._value(value)
        made = Made(telling, body["event_id"], body, self._record(telling, body))
        self._made[telling.name] = made
        return made

    def _start(self, telling: Telling, now: datetime) -> Body:
        if telling.base is not None:
            body = copy.deepcopy(self.made(telling.base).body)
            return body | {"reported_at": to_wire_time(now).isoformat(timespec="milliseconds")}
        event_type, _, name = (telling.like or "").partition("/")
        found = [example.body for example in good_examples(event_type) if example.name == name]
        if not found:
            raise ValueError(f"{telling.name}: there is no example {telling.like!r}")
        return moved_in_time(found[0], now - datetime.fromisoformat(found[0]["reported_at"]), salt=self._seed)

    def _new_id(self, name: str, now: datetime) -> str:
        """A UUIDv7 of that moment, its random bits from the seed and the event's name."""
        noise = int.from_bytes(hashlib.blake2b(f"{self._seed}/{self._day}/{name}".encode(), digest_size=10).digest())
        ms = int(now.timestamp() * 1000)
        value = ms << 80 | 7 << 76 | (noise & 0xFFF) << 64 | 0b10 << 62 | noise >> 18
        text = f"{value:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def _value(self, value: Any) -> Any:
        """A value of the story with its short forms written out."""
        if isinstance(value, dict):
            return {name: self._value(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if text.startswith("$"):  # an event's id; with more behind it, a delivery's
            name, colon, rest = text[1:].partition(":")
            return self.made(name).event_id + colon + rest
        if text.startswith("#"):
            return hashlib.sha256(f"{self._seed}{text}".encode()).hexdigest()
        if (clock := _CLOCK.fullmatch(text)) is not None:
            return to_wire_time(self.moment(f"{clock[1]}:{clock[2]}")).isoformat(timespec="milliseconds")
        if (days := _DAYS_ON.fullmatch(text)) is not None:
            return (self._day + timedelta(days=int(days[1]))).isoformat()
        return text

    def _record(self, telling: Telling, body: Body) -> RawRecord | None:
        """The record of an event that a client would not send, as a careless system would write it."""
        wrong = telling.wrong
        if wrong is None or not (wrong.raw or wrong.keep_bytes):
            return None
        event = validate(body["event_type"], body)
        if isinstance(event, tuple):
            raise ValueError(f"{telling.name}: {event}")  # noqa: TRY004 - the story's fault, not a type's
        value = event.model_dump(mode="python")
        for at, spoilt in wrong.raw.items():
            parent, key = _find(value, at)
            parent[key] = spoilt
        data = Codec().encode(event.event_type, value)[: wrong.keep_bytes]
        headers = cloud_event_headers(event.event_id, event.event_type, telling.from_desk, event.reported_at, 1)
        return RawRecord(event.event_id.encode(), data, (*headers, (ORIGIN_HEADER, telling.from_desk.encode())))


def client_body(made: Made) -> Mapping[str, Any]:
    """What a unit's own client would be given for a spoilt event: the JSON body with the mistake in it."""
    body = copy.deepcopy(made.body)
    for at, spoilt in (made.telling.wrong.raw if made.telling.wrong else {}).items():
        parent, key = _find(body, at)
        parent[key] = spoilt
    return body


def all_made(chapters: Iterable[Chapter], maker: Maker) -> list[Made]:
    """Every event of the day."""
    return [made for chapter in chapters for made in maker.chapter(chapter)]


def _renamed(value: Any, old: str, new: str) -> Any:
    """The same with one id in place of another: an original report is its own root."""
    if isinstance(value, dict):
        return {name: _renamed(inner, old, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, old, new) for inner in value]
    return new if value == old else value


def _find(body: Any, pointer: str) -> tuple[Any, str | int]:
    """The container that a JSON pointer's last part is in, and that part."""
    *way, last = pointer.split("/")[1:]
    for part in way:
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body, int(last) if isinstance(body, list) else last
