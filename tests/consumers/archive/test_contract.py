"""SQLite, PostgreSQL and a plain reading of all deliveries find the same; what other desks have changes nothing."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from consumers.archive.archive import Archive, open_archive
from consumers.archive.lexemes import fold, stems_of, words_of
from schemas.gazetteer import load_gazetteer
from tests.consumers.archive.made import ANNA, AT, BO, DESK, JARVA, KEY, OTHER, SOLNA, Came, Filler, found, report
from tests.consumers.archived import emptied
from tests.consumers.made import new_id
from tests.postgres import PostgresServer

WORDS = [
    *("kokain", "kokainet", "kokainbeslag", "bil", "bilar", "bilen", "torg", "torget", "å", "ål", "ö", "öar"),
    *("café", "skott", "skottet", "polisen", "polisens"),
]
AREAS = [JARVA, SOLNA, "se.syd.malmo", "se.stockholm"]


@pytest.fixture
def both(postgres: PostgresServer, tmp_path: Path) -> Iterator[list[Archive]]:
    """An empty archive of each kind."""
    emptied(postgres.url)
    with open_archive(f"sqlite:///{tmp_path / 'a.db'}", KEY) as sqlite, open_archive(postgres.url, KEY) as other:
        yield [sqlite, other]


def document(rng: random.Random) -> Came:
    """A report of a few words, somewhere, some time ago, for one of two desks."""
    return report(
        " ".join(rng.choices(WORDS, k=rng.randint(1, 6))),
        areas=rng.sample(AREAS, k=rng.randint(0, 2)),
        occurred_from=AT - timedelta(days=rng.randint(0, 800), hours=rng.randint(0, 23)),
        priority=rng.randint(1, 5),
        desk=DESK if rng.random() < 0.8 else OTHER,
    )


def question(rng: random.Random) -> dict[str, Any]:
    """Any mixture of words, phrases, beginnings, areas, times and priorities."""
    words = [rng.choice(WORDS) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.3:
        words.append(f'"{rng.choice(WORDS)} {rng.choice(WORDS)}"')
    if rng.random() < 0.3:
        word = rng.choice([each for each in WORDS if len(each) > 2])
        words.append(f"{word[: rng.randint(2, len(word))]}*")
    asked: dict[str, Any] = {"text": " ".join(words)} if words else {}
    if rng.random() < 0.3:
        asked["areas"] = [rng.choice(AREAS)]
    if rng.random() < 0.3:
        asked["since"] = AT - timedelta(days=rng.randint(0, 800))
    if rng.random() < 0.3:
        asked["until"] = AT - timedelta(days=rng.randint(0, 800))
    if rng.random() < 0.2:
        asked["priority"] = rng.randint(1, 5)
    return asked | {"limit": 200}


def holds(one: Came, asked: dict[str, Any]) -> bool:
    """Whether a delivery is what was asked for, by reading it."""
    view = one.item.event
    names = (load_gazetteer().unit(area) for area in view["areas"])
    texts = ["underrättelserapport", *(unit.name for unit in names if unit), view["payload"]["summary"]]
    read = [words_of(text) for text in texts]
    in_areas = any(f"{area}.".startswith(f"{each}.") for area in view["areas"] for each in asked.get("areas", ()))
    return (
        all(any(_has(piece, words) for words in read) for piece in _pieces(asked.get("text", "")) if piece)
        and (in_areas or not asked.get("areas"))
        and ("since" not in asked or view["occurred_from"] >= asked["since"])
        and ("until" not in asked or view["occurred_from"] < asked["until"])
        and one.item.meta.priority <= asked.get("priority", 5)
    )


def _pieces(text: str) -> list[str]:
    quoted = text.split('"')
    return [*(word for part in quoted[::2] for word in part.split()), *(f'"{part}"' for part in quoted[1::2])]


def _has(piece: str, words: list[str]) -> bool:
    """Whether one text has one piece of a question."""
    if piece.endswith("*"):
        return any(word.startswith(fold(piece[:-1])) for word in words)
    wanted, stems = stems_of(words_of(piece)), stems_of(words)
    return any(stems[at : at + len(wanted)] == wanted for at in range(len(stems)))


def test_both_databases_and_a_plain_reading_agree(both: list[Archive]) -> None:
    """Two hundred questions over two hundred deliveries, in the same order."""
    rng = random.Random(7)  # noqa: S311 - made-up questions
    made = [document(rng) for _ in range(200)]
    for archive in both:
        for start in range(0, len(made), 40):
            Filler(archive).write(*made[start : start + 40])
    asked = [question(rng) for _ in range(200)]
    some = 0
    for each in asked:
        expected = [one.event_id for one in reversed(made) if one.item.meta.desk == DESK and holds(one, each)]
        assert found(both[0], **each) == found(both[1], **each) == expected, each
        some += bool(expected)
    assert 40 < some < 200


@pytest.mark.parametrize("asked", [{"text": "hemligt"}, {"areas": ["se.syd"]}, {"person": "p-9", "case_ref": "x"}])
def test_what_others_have_changes_no_statement(archive: Archive, filler: Filler, asked: dict[str, Any]) -> None:
    """The same statements with the same parameters, whether another desk has it a hundred times or nobody has."""
    filler.write(report("annat"), report("annat", desk=OTHER))
    before = statements(archive, asked)
    person = {"ref": "p-9", "category": "suspect", "fact_or_assessment": "fact"}
    filler.write(*(report("hemligt", desk=OTHER, areas=["se.syd"], persons=[person]) for _ in range(100)))
    assert statements(archive, asked) == before
    assert len(found(archive, BO, **asked)) == 50


@pytest.mark.parametrize("known", [True, False])
def test_an_unknown_event_and_another_desks_cost_the_same_statements(
    archive: Archive, filler: Filler, known: bool
) -> None:
    """By number, too: nothing is looked up before the desk is."""
    theirs = report("hemligt", desk=OTHER)
    filler.write(report("annat"), theirs)
    told = [statement for statement, _ in statements(archive, {"event": theirs.event_id if known else new_id()})]
    assert told == [statement for statement, _ in statements(archive, {"event": new_id()})]


def statements(archive: Archive, asked: dict[str, Any]) -> list[tuple[str, str]]:
    """The statements that a question comes to, with their parameters."""
    told: list[tuple[str, str]] = []

    def listen(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> None:
        values = parameters.values() if isinstance(parameters, dict) else parameters
        plain = [bytes(value) if isinstance(value, memoryview) else value for value in values]
        told.append((statement, repr(plain)))

    event.listen(archive.database.engine, "before_cursor_execute", listen)
    try:
        assert found(archive, ANNA, **asked) == []
    finally:
        event.remove(archive.database.engine, "before_cursor_execute", listen)
    return [(statement, parameters) for statement, parameters in told if "archive_reads" not in statement]
