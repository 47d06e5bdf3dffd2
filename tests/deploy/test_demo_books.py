"""The demo's books and claims: every kind of fault is found, from made-up records and without a bus."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from rich.console import Console

from consumers.feed import Delivery, Position
from deploy.demo.books import ACCEPTED, Books, by_level_and_function, close, counts, percentile
from deploy.demo.claims import Looker
from deploy.demo.day import Tally
from deploy.demo.making import Maker, all_made
from deploy.demo.report import Report
from deploy.demo.story import Claim, story
from deploy.demo.telling import Teller
from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.problems import DropCode
from schemas.records import DeliveryMeta

DAY = date(2026, 11, 9)
GAZETTEER = load_gazetteer()


def decision(number: int, *desks: str, outcome: str = "shared") -> dict[str, Any]:
    """A ledger line of event ``e<number>``, published at ``in.gateway:0:<number>``."""
    return {
        "event_id": f"e{number}",
        "event_type": "drug_seizure",
        "revision": 1,
        "outcome": outcome,
        "accepted_from": f"in.gateway:0:{number}",
        "receivers": [{"desk": desk, "view_group": "main"} for desk in desks],
        "withheld": [],
    }


def balanced() -> Books:
    """Three records: one shared with two desks, one in quarantine, one retry."""
    books = Books()
    for number in range(3):
        books.publish(f"in.gateway:0:{number}")
    books.decide(decision(0, "se.syd/intelligence", "se.syd.malmo/surveillance"))
    books.quarantine("in.gateway:0:1", "AREA_UNKNOWN")
    books.decide(decision(2, outcome=DropCode.RETRY_SAME_ID))
    for desk in ("se.syd/intelligence", "se.syd.malmo/surveillance"):
        books.deliver(f"e0:1:{desk}:main", desk)
    return books


def test_books_that_balance() -> None:
    """Published = accepted + quarantined + duplicates, and each receiver has its one delivery."""
    books = balanced()
    verdict = close(books, confirmed=3, types_wanted=["drug_seizure"])
    assert verdict.balanced, verdict.faults
    sums = {"published": 3, "accepted": 1, "quarantined": 1, "duplicates": 1, "deliveries": 2}
    assert counts(books, sum(books.published.values())) == sums


def _lost(books: Books) -> None:
    books.ends.pop()


def _ended_twice(books: Books) -> None:
    books.quarantine("in.gateway:0:0", "INTERNAL")


def _from_nowhere(books: Books) -> None:
    books.ends.append(("in.gateway:3:9", ACCEPTED))


def _never_delivered(books: Books) -> None:
    del books.delivered["e0:1:se.syd/intelligence:main"]


def _delivered_twice(books: Books) -> None:
    books.deliver("e0:1:se.syd/intelligence:main", "se.syd/intelligence")


def _leaked(books: Books) -> None:
    books.deliver("e0:1:se.vast/intelligence:main", "se.vast/intelligence")


def _other_outcome(books: Books) -> None:
    books.publish("in.gateway:0:3")
    books.decide(decision(3, outcome="MISLAID"))


def _unreadable(books: Books) -> None:
    books.unreadable += 1


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_lost, "published without an end"),
        (_ended_twice, "more than one end"),
        (_from_nowhere, "ended and not published"),
        (_never_delivered, "owed and not delivered"),
        (_delivered_twice, "delivered twice"),
        (_leaked, "delivered and not owed"),
        (_other_outcome, "sum differs"),
        (_unreadable, "unreadable"),
    ],
)
def test_books_find_every_fault(spoil: Callable[[Books], None], fault: str) -> None:
    """One thing wrong is enough, and it is named."""
    books = balanced()
    spoil(books)
    verdict = close(books, confirmed=sum(books.published.values()))
    assert verdict.faults[fault] == 1
    assert not verdict.balanced


def test_books_do_not_balance_against_the_publishers_own_count() -> None:
    """A record that the bus confirmed and Kafka does not hold, a missing type or a failed claim count as well."""
    assert close(balanced(), confirmed=4).faults["confirmed and not found"] == 1
    assert (
        close(balanced(), confirmed=3, types_wanted=EVENT_TYPES).faults["event types missing"] == len(EVENT_TYPES) - 1
    )
    assert not close(balanced(), confirmed=3, claims_failed=1).balanced


def test_deliveries_by_level_and_function() -> None:
    """Units by the gazetteer, everybody outside it as a partner."""
    table = by_level_and_function(
        {"se.syd/intelligence": 2, "se.vast/intelligence": 1, "partner.rmv/coordination": 3}, GAZETTEER
    )
    assert table == {"region": {"intelligence": 3}, "partner": {"coordination": 3}}


def test_percentiles_are_values_that_were_measured() -> None:
    """By nearest rank; nothing measured, no percentile."""
    assert percentile(range(1, 101), 0.5) == 50
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([], 0.5) is None


@pytest.mark.parametrize(("spoil", "verdict"), [(None, "THE BOOKS BALANCE"), (_leaked, "THE BOOKS DO NOT BALANCE")])
def test_the_report_says_clearly_whether_the_books_balance(spoil: Callable[[Books], None] | None, verdict: str) -> None:
    """In words, by the exit code, and as a truth value in the JSON, with the fault."""
    books = balanced()
    if spoil is not None:
        spoil(books)
    report = Report(books, close(books, confirmed=3), Tally(confirmed=3), [12.0, 40.0], "2026.1", 1.0)
    out = Console(width=120, file=io.StringIO(), record=True, markup=False)
    out.print(report.shown(Teller("en", GAZETTEER), GAZETTEER))
    assert verdict in out.export_text()
    assert report.exit_code == (0 if spoil is None else 1)
    assert report.as_json(GAZETTEER)["balanced"] is (spoil is None)
    assert report.as_json(GAZETTEER)["faults"] == ({} if spoil is None else {"delivered and not owed": 1})


# What is looked after


DESK = "se.stockholm/intelligence"


def seen(**changed: Any) -> Delivery:
    """A delivery of the alert to the analyst."""
    meta = {
        "delivery_id": f"01a1c0ab-6360-7c52-bd66-942ea37ffa94:1:{DESK}:S17",
        "desk": DESK,
        "event_id": "01a1c0ab-6360-7c52-bd66-942ea37ffa94",
        "event_type": "substance_alert",
        "revision": 1,
        "view_group": "S17",
        "view": ["own"],
        "rules": ["S17"],
        "feed": "alert.substance",
        "priority": 1,
        "priority_reason": "S17",
        "obligations": [],
        "marks": ["UNCONFIRMED"],
        "handling": "H0",
        "sensitivity": 1,
        "origin": {"unit": "se.syd.malmo", "function": "intelligence"},
        "published_at": "2026-11-09T09:20:00Z",
        "pack_version": "2026.1",
    }
    return Delivery(DeliveryMeta.model_validate(meta | changed), {"payload": {"deaths": 1}}, Position(0, 0))


def looker() -> Looker:
    """A looker whose maker has told the whole day."""
    maker = Maker(DAY)
    all_made(story(), maker)
    return Looker({}, maker, GAZETTEER, Codec())


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ({"rules": ["S17"], "marks": ["UNCONFIRMED"], "hides": ["persons", "geo"], "revision": 1, "priority": 1}, True),
        ({"rules": ["S12"]}, False),
        ({"marks": ["NOT_EVALUATED"]}, False),
        ({"lacks_marks": ["UNCONFIRMED"]}, False),
        ({"hides": ["payload.deaths"]}, False),
        ({"revision": 2}, False),
        ({"priority": 2}, False),
        ({"supersedes": "tip"}, False),
    ],
)
def test_a_claim_holds_only_when_all_of_it_is_so(claim: dict[str, Any], *, holds: bool) -> None:
    """Rules, marks, hidden fields, revision, priority: one that differs is enough."""
    wanted = Claim.model_validate({"got": "alert", "desks": [DESK], **claim})
    assert (not list(looker()._wrong(wanted, DESK, [seen()]))) is holds


async def test_claims_on_the_ledger_fail_when_the_ledger_says_nothing() -> None:
    """No line, no proof: neither that it went everywhere nor that a rule stopped it."""
    everywhere = await looker().look(Claim(everywhere="alert", functions=["intelligence"]), {})
    withheld = await looker().look(Claim(withheld="tip", by="B01", desks=[DESK]), {})
    assert len(everywhere.faults) == 125
    assert not withheld.holds
