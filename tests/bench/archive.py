"""The archive with very many deliveries: how fast it fills, how fast a desk finds what it has, on both databases.

``python -m tests.bench.archive DATABASE ROWS ROUNDS`` with ``sqlite`` or ``postgresql``.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from consumers.archive.archive import Archive, open_archive
from consumers.archive.archiver import archive_to_the_end
from consumers.archive.asker import Somebody
from consumers.archive.lexemes import day_facets
from consumers.archive.query import Query
from consumers.archive.rows import OCCURRED, PUBLISHED, Row, RowMaker
from consumers.archive.writer import Batch, Move, Place
from consumers.feed import Delivery, Position, read_delivery
from schemas.codec import Codec
from schemas.envelope import Origin
from schemas.gazetteer import load_gazetteer
from schemas.vocabulary import Function, Handling
from tests.consumers.made import delivery_meta, new_id
from tests.postgres import PostgresServer

_KEY: Final = bytes(32)
_PLACE: Final = Place("deliver.bench", 0)
_BIG: Final = Somebody("bench", "se.noa-und/intelligence")
#: Of all deliveries, so many are one desk's: a national one, the largest archive that anybody searches.
_BIG_SHARE: Final = 0.2
_DAYS: Final = 700
_BATCH: Final = 4_000
_TEMPLATES: Final = 4_000
_CODEC: Final = Codec()
_AREA: Final = "se.stockholm.stockholm-nord"
#: Words, the likely ones first: a desk's texts have a few of them very often and most of them seldom.
_STEMS: Final = (
    *("polis", "gata", "bil", "kokain", "torg", "vapen", "kväll", "man", "telefon", "trappuppgång", "leverans"),
    *("kontant", "hasch", "källare", "båt", "hamn", "spaning", "ryggsäck", "moped", "skott", "lägenhet"),
    *("sprängning", "pulver", "tablett", "krog", "skola", "park", "garage", "langare", "skuld", "kurir", "mottagare"),
)
_ENDINGS: Final = ("", "en", "arna", "s", "ens", "et", "erna")
_SETTINGS: Final = {"shared_buffers": "1GB", "max_wal_size": "4GB", "maintenance_work_mem": "256MB"}


@dataclass(frozen=True, slots=True)
class Searched:
    """How long questions took, in milliseconds; ``found`` is how many of them found something."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    worst_ms: float
    questions: int
    found: int


def run(database: str, count: int, rounds: int) -> dict[str, Any]:
    """Fill an archive of one kind, and search it.

    Shape: ``database`` is ``sqlite`` or ``postgresql``; a line for the report.
    """
    with tempfile.TemporaryDirectory(prefix="sambus-bench-") as folder:
        if database == "sqlite":
            return _measured(f"sqlite:///{folder}/archive.db", database, count, rounds)
        with PostgresServer(_SETTINGS) as server:
            return _measured(server.url, database, count, rounds)


def _measured(url: str, database: str, count: int, rounds: int) -> dict[str, Any]:
    with open_archive(url, _KEY) as archive:
        seconds = fill(archive, count)
        line = {"database": database, "rows": count, "rows_per_s": round(count / seconds)}
        return line | searched(archive, rounds)


# Filling


def fill(archive: Archive, count: int, seed: int = 1) -> float:
    """Fill an archive as the archiver's writer does; returns the seconds that writing took."""
    rng, written, seconds = random.Random(seed), 0, 0.0  # noqa: S311 - made-up load
    templates = list(_templates(archive.rows(), rng, min(_TEMPLATES, count)))
    desks = [desk for code in load_gazetteer().units for desk in load_gazetteer().desks(code)]
    while written < count:
        size = min(_BATCH, count - written)
        rows = [_row(rng.choice(templates), rng, desks, (written + number) / count) for number in range(size)]
        start = written or None
        began = time.perf_counter()
        archive.write(Batch(rows, {_PLACE: Move(start, written + size)}))
        seconds += time.perf_counter() - began
        written += size
    return seconds


def _templates(maker: RowMaker, rng: random.Random, count: int) -> Iterator[tuple[Row, str]]:
    for item, value in deliveries(rng, count):
        yield maker.row(item, value), item.meta.event_id


def deliveries(rng: random.Random, count: int) -> Iterator[tuple[Delivery, bytes]]:
    """Reports of thirty words or so, each with a place, a thing, and now and then a person."""
    codes = [code for code in load_gazetteer().units if code.count(".") == 3]
    for number in range(count):
        unit, event_id = rng.choice(codes), new_id()
        at = datetime(2026, 7, 8, tzinfo=UTC)
        event = {
            "event_id": event_id,
            "areas": [unit],
            "occurred_from": at,
            "legal_origin": "own_observation",
            "case_ref": f"{number % 500:064x}",
            "objects": [{"kind": "phone", "ref": f"{number % 1000:064x}"}],
            "persons": [_person(number)] if number % 4 == 0 else [],
            "payload": {"summary": " ".join(_word(rng) for _ in range(30))},
        }
        meta = delivery_meta(
            _BIG.desk,
            event_id,
            event_type="intelligence_report",
            origin=Origin(unit=unit, function=Function.INTELLIGENCE),
            published_at=at,
            priority=rng.randint(1, 5),
            handling=Handling.H0,
        )
        value = _CODEC.encode("delivery.intelligence_report", meta.model_dump(mode="python") | {"event": event})
        item = read_delivery(_CODEC, _BIG.desk, value, Position(0, number))
        if isinstance(item, Delivery):
            yield item, value


def _person(number: int) -> dict[str, Any]:
    return {"ref": f"p-{number % 400}", "category": "suspect", "fact_or_assessment": "fact"}


def _word(rng: random.Random) -> str:
    """A word: the first ones in every other text, most of them in one of a thousand."""
    at = int(rng.paretovariate(0.6)) - 1
    if at < len(_STEMS):
        return _STEMS[at] + rng.choice(_ENDINGS)
    return f"{_STEMS[at % len(_STEMS)]}{_STEMS[at // 7 % len(_STEMS)]}{at % 997}"


def _row(template: tuple[Row, str], rng: random.Random, desks: Sequence[str], part: float) -> Row:
    """A template's row as another event would have left it, for some desk, some time ago."""
    row, former = template
    desk = _BIG.desk if rng.random() < _BIG_SHARE else rng.choice(desks)
    event_id, at = new_id(), datetime(2026, 7, 8, tzinfo=UTC) - timedelta(days=_DAYS * (1 - part))
    at_ms = int(at.timestamp() * 1000)
    body: bytes = row.columns["body"].replace(former.encode(), event_id.encode())
    if desk != _BIG.desk:
        body = b""  # nobody looks at it here: those whose bodies are read are the big desk's
    columns = {**row.columns, "event_id": event_id, "published_ms": at_ms, "occurred_ms": at_ms, "body": body}
    kept = tuple(term for term in row.terms if term[:2] not in _TIMES)
    times = (*day_facets(OCCURRED, at.date()), *day_facets(PUBLISHED, at.date()))
    return Row(
        columns=columns | {"due_ms": None},
        desk=desk,
        terms=(*kept, *times),
        about=(),
        persons=row.persons,
        matter=row.matter,
        ends_matter=False,
        orders=(),
    )


_TIMES: Final = frozenset({f"f{OCCURRED}", f"f{PUBLISHED}"})


# Searching


def questions(rng: random.Random) -> Iterator[tuple[str, Query]]:
    """What an analyst asks, each kind once, with other words each time."""
    rare, common = _STEMS[rng.randint(12, 30)], _STEMS[rng.randint(0, 4)]
    last = datetime(2026, 7, 8, tzinfo=UTC) - timedelta(days=rng.randint(1, _DAYS - 40))
    asked: dict[str, dict[str, Any]] = {
        "a common word": {"text": common},
        "a rare word": {"text": f"{rare}{rng.choice(_STEMS)}{rng.randint(0, 996)}"},
        "words": {"text": f"{common} {rare} {_STEMS[rng.randint(5, 11)]}"},
        "a phrase": {"text": f'"{common} {_STEMS[rng.randint(0, 4)]}"'},
        "a beginning": {"text": f"{rare[:5]}*"},
        "a short beginning": {"text": f"{common[:2]}*"},
        "an area": {"areas": [_AREA], "text": common},
        "a span": {"since": last, "until": last + timedelta(days=30)},
        "a long span": {"until": last, "text": rare},
        "urgent": {"priority": 1, "areas": ["se.syd"]},
        "a thing": {"things": [{"kind": "phone", "value": f"{rng.randint(0, 999):064x}"}]},
        "a case": {"references": [f"{rng.randint(0, 499):064x}"]},
        "a person": {"person": f"p-{rng.randint(0, 99) * 4}", "case_ref": "x"},
        "the newest": {},
        "nothing": {"text": "xyzzy"},
    }
    for name, fields in asked.items():
        yield name, Query.model_validate({"purpose": "P1", "limit": 50} | fields)


def searched(archive: Archive, rounds: int, seed: int = 2) -> dict[str, Any]:
    """Ask every kind of question so many times, a second page of each among them; all times together, and each kind."""
    rng = random.Random(seed)  # noqa: S311 - made-up load
    times: dict[str, list[float]] = {}
    found = 0
    for _ in range(rounds):
        for name, query in questions(rng):
            page, seconds = _timed(archive, query)
            times.setdefault(name, []).append(seconds)
            found += bool(page.hits)
            if page.cursor is not None:
                _, seconds = _timed(archive, query.model_copy(update={"cursor": page.cursor}))
                times.setdefault("a second page", []).append(seconds)
    every = [each for kind in times.values() for each in kind]
    told = _told(every, found)
    line = {name: round(getattr(told, name), 1) for name in ("p50_ms", "p95_ms", "p99_ms", "worst_ms")}
    kinds = {name: round(_told(kind, 0).p95_ms, 1) for name, kind in times.items()}
    return line | {"questions": told.questions, "found": told.found, "p95_ms_of": kinds}


def _timed(archive: Archive, query: Query) -> tuple[Any, float]:
    began = time.perf_counter()
    page = archive.searcher.search(_BIG, query)
    return page, time.perf_counter() - began


def _told(seconds: list[float], found: int) -> Searched:
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    p50, p95, p99 = (cuts[at - 1] * 1000 for at in (50, 95, 99))
    return Searched(p50, p95, p99, max(seconds) * 1000, len(seconds), found)


# The whole way


async def whole_way(bootstrap: str, home: Path, count: int) -> dict[str, Any]:
    """From a delivery topic to SQLite: reading, decoding, finding the terms, writing."""
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    from tests.consumers.made import Sent, write

    topic = "deliver.bench"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    rng = random.Random(3)  # noqa: S311 - made-up load
    await write(bootstrap, [Sent(topic, _BIG.desk, value) for _, value in deliveries(rng, count)])
    with open_archive(f"sqlite:///{home}/whole.db", _KEY) as archive:
        began = time.perf_counter()
        new = await archive_to_the_end({"bootstrap_servers": bootstrap}, archive, [topic])
        seconds = time.perf_counter() - began
    return {"archived": new, "archived_per_s": round(new / seconds)}


if __name__ == "__main__":
    print(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))  # noqa: T201 - what it is for
