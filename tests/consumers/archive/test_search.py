"""A desk finds what it has, by words, places, times and things, the newest first, and nothing that another desk has."""

from datetime import timedelta
from typing import Any

import pytest

from consumers.archive.archive import Archive
from consumers.archive.lexemes import fold, stems_of, words_of
from consumers.archive.refusals import Refusal, RefusedError
from tests.consumers.archive.made import (
    ANNA,
    AT,
    BO,
    JARVA,
    NOW,
    OTHER,
    SOLNA,
    Filler,
    asked,
    came,
    events,
    found,
    ids,
    order,
    report,
)
from tests.consumers.made import new_id
from tests.postgres import PostgresServer

REGION = "se.stockholm"
_NO_WORDS = {Refusal.QUERY_EMPTY_TERM, Refusal.QUERY_INVALID, Refusal.PREFIX_TOO_SHORT}


def test_words_are_found_by_their_stems(archive: Archive, filler: Filler) -> None:
    """Any form of a word finds any other; all words must be there."""
    one = report("Kokainet fanns i trappuppgången.")
    two = report("Ett annat ärende om bilar.")
    filler.write(one, two)
    assert found(archive, text="kokain") == [one.event_id]
    assert found(archive, text="trappuppgångar") == [one.event_id]
    assert found(archive, text="KOKAINET trappuppgång") == [one.event_id]
    assert found(archive, text="kokain bil") == []
    assert found(archive) == [two.event_id, one.event_id]


def test_swedish_letters_are_letters_of_their_own(archive: Archive, filler: Filler) -> None:
    """Å, ä and ö are not a and o; an accent is no letter, and a letter written in two signs is one."""
    plain, ring, dots = report("Hal is vid torget."), report("Hål i väggen."), report("Häl och tå.")
    accent = report("Mötet var på Café Opera med André.")
    filler.write(plain, ring, dots, accent)
    assert found(archive, text="hal") == [plain.event_id]
    assert found(archive, text="hål") == [ring.event_id]
    assert found(archive, text="HÄL") == [dots.event_id]
    assert found(archive, text="ha\u030al") == [ring.event_id]
    assert found(archive, text="cafe andre") == [accent.event_id]


def test_the_beginning_of_a_word(archive: Archive, filler: Filler) -> None:
    """Compounds are found by their beginning, also where the stem is shorter than what was typed."""
    one, two = report("Kokainbeslaget i hamnen."), report("Kokerskans väska.")
    filler.write(one, two)
    assert found(archive, text="kokainb*") == [one.event_id]
    assert found(archive, text="kokainbeslaget*") == [one.event_id]
    assert found(archive, text="kok*") == [two.event_id, one.event_id]
    assert found(archive, text="kokainbeslagets*") == []


def test_a_phrase_is_words_in_order_within_one_field(archive: Archive, filler: Filler) -> None:
    """In order, next to each other, and never from one field into the next."""
    one = came({"summary": "Vit skåpbil vid torget", "assessment": "Troligen leverans"})
    two = report("Skåpbilen var inte vit")
    filler.write(one, two)
    assert found(archive, text='"vit skåpbil"') == [one.event_id]
    assert found(archive, text='"skåpbil vit"') == []
    assert found(archive, text='"torget troligen"') == []
    assert found(archive, text="vit skåpbil") == [two.event_id, one.event_id]


def test_our_stems_are_those_of_postgresql(postgres: PostgresServer) -> None:
    """PostgreSQL's own ``swedish`` is an older version of the same stemmer: ours goes as far, or a step further."""
    import psycopg

    words = words_of(
        "polisens brottsligheten kokainet trappuppgångarna skjutningar sprängningen langarna lokalpolisområdena "
        "misstänkta häktades förverkandet narkotikabrotten vapnen nätverkens åklagarens öppna drogscenerna"
    )
    with psycopg.connect(postgres.url) as connection:
        theirs = [
            connection.execute("SELECT ts_lexize('swedish_stem', %s)", (word,)).fetchone()[0][0]  # type: ignore[index]
            for word in words
        ]
    ours = stems_of(words)
    assert all(their.startswith(our) for our, their in zip(ours, theirs, strict=True))
    assert sum(our == their for our, their in zip(ours, theirs, strict=True)) > len(words) / 2
    assert fold("ÅÄÖ Ø") == "åäö ö"


def test_places_types_priorities_and_origins(archive: Archive, filler: Filler) -> None:
    """An area means all below it; a priority means that urgent and more; of a list one is enough."""
    one = report("ett", areas=[JARVA], priority=1, by=JARVA)
    two = report("två", areas=[SOLNA], priority=4, by=SOLNA)
    three = came({"kind": "shooting", "confirmed": True}, event_type="violence_incident", areas=["se.syd.malmo"])
    filler.write(one, two, three)
    assert found(archive, areas=["se.stockholm.stockholm-nord"]) == [two.event_id, one.event_id]
    assert found(archive, areas=[JARVA, "se.syd"]) == [three.event_id, one.event_id]
    assert found(archive, areas=["se"]) == [three.event_id, two.event_id, one.event_id]
    assert found(archive, types=["violence_incident"]) == [three.event_id]
    assert found(archive, text="våldshändelse") == [three.event_id]
    assert found(archive, priority=3) == [one.event_id]
    assert found(archive, priority=4, origins=[SOLNA]) == [two.event_id]
    assert found(archive, text="ett", areas=[SOLNA]) == []


@pytest.mark.parametrize("days", [0.5, 3, 40, 400, 4_000])
def test_time(archive: Archive, filler: Filler, days: float) -> None:
    """A span has its beginning and not its end, however long it is; either may be left open."""
    length = timedelta(days=days)
    at = [AT - 2 * length, AT - length, AT]
    made = [came({"abstract": "samma ord"}, event_type="knowledge_item", occurred_from=each, at=each) for each in at]
    filler.write(*made)
    one, two, three = events(made)
    assert found(archive, text="ord", since=at[1], until=at[2]) == [two]
    assert found(archive, since=at[1]) == [three, two]
    assert found(archive, until=at[1] + timedelta(milliseconds=1), clock="published") == [two, one]
    assert found(archive, since=at[0], until=at[0]) == []


def test_things_and_references(archive: Archive, filler: Filler) -> None:
    """A plate with and without its space, a keyed hash, a case; each kind is its own."""
    car = came({"observation_kind": "vehicle", "vehicle_plate": "ABC123"}, event_type="surveillance_observation")
    phone = report("telefon", objects=[{"kind": "phone", "ref": "ab" * 32}], case_ref="cd" * 32)
    filler.write(car, phone)
    assert found(archive, things=[{"kind": "vehicle", "value": "abc 123"}]) == [car.event_id]
    assert found(archive, things=[{"kind": "phone", "value": "ab" * 32}]) == [phone.event_id]
    assert found(archive, things=[{"kind": "device", "value": "ab" * 32}]) == []
    assert found(archive, references=["cd" * 32]) == [phone.event_id]
    assert found(archive, text="abc123") == [], "a plate leads to a person: it is looked for as a thing, and logged so"


def test_substances_by_name(archive: Archive, filler: Filler) -> None:
    """A seizure is found by the Swedish name of what was seized, not by its number in the register."""
    item = {"substance_id": "cocaine", "identification": "lab_confirmed", "form": "powder", "mass_g": None}
    one = came({"items": [item], "seizure_context": "street"}, event_type="drug_seizure")
    filler.write(one)
    assert found(archive, text="kokain") == [one.event_id]


def test_what_says_something_of_an_event(archive: Archive, filler: Filler) -> None:
    """The event itself and the link that names it; its card joins both ends."""
    one, two, three = report("ett"), report("två"), report("tre")
    link = came(
        {"a_id": one.event_id, "b_id": two.event_id, "status": "suggested", "relation": "duplicate", "score": 0.9},
        event_type="link_suggestion",
    )
    filler.write(one, two, three, link)
    assert found(archive, event=one.event_id) == [link.event_id, one.event_id]
    cards = archive.cards.cards(ANNA.desk, [one.event_id, three.event_id])
    assert [each.event_id for each in cards[one.event_id].reports] == sorted([one.event_id, two.event_id])
    assert cards[one.event_id].card_id == min(one.event_id, two.event_id)
    assert [each.event_id for each in cards[three.event_id].reports] == [three.event_id]
    assert archive.cards.cards(BO.desk, [one.event_id])[one.event_id].reports == ()


def test_only_the_newest_revision_unless_asked(archive: Archive, filler: Filler) -> None:
    """A revision takes the former's place, whichever came first; another unit's claim to replace it does nothing."""
    former, other = report("gammalt namn"), report("annat")
    new = report("nytt namn", supersedes=former.event_id, revision=2)
    stranger = report("främmande", supersedes=other.event_id, by=SOLNA)
    filler.write(new, stranger)
    filler.write(former, other)
    assert found(archive, text="namn") == [new.event_id]
    assert found(archive, text="namn", history=True) == [former.event_id, new.event_id]
    assert found(archive, text="annat") == [other.event_id]


def test_another_desk_finds_nothing(archive: Archive, filler: Filler) -> None:
    """The same words at two desks: each finds its own, and a desk that has nothing finds nothing."""
    mine, theirs = report("hemligt ord"), report("hemligt ord", desk=OTHER)
    filler.write(mine, theirs)
    assert found(archive, ANNA, text="hemligt") == [mine.event_id]
    assert found(archive, BO, text="hemligt") == [theirs.event_id]
    assert found(archive, BO, event=mine.event_id) == []
    nobody = type(ANNA)("carl@polisen.example", "se.vast/intelligence")
    assert found(archive, nobody, text="hemligt") == found(archive, nobody) == []


def test_a_row_under_a_wrong_number_is_shown_to_nobody(archive: Archive, filler: Filler) -> None:
    """The delivery's own bytes say whose it is; a row that was moved to another desk opens nothing."""
    from consumers.archive.tables import rows

    theirs, mine = report("hemligt", desk=OTHER), report("eget")
    filler.write(theirs, mine)
    with archive.database.begin() as connection:
        body = rows.select().where(rows.c.event_id == theirs.event_id)
        stolen = connection.execute(body).mappings().one()["body"]
        connection.execute(rows.update().where(rows.c.event_id == mine.event_id).values(body=stolen))
    assert found(archive, ANNA) == []


def test_pages_follow_each_other_while_more_comes(archive: Archive, filler: Filler) -> None:
    """A cursor stands still: what comes meanwhile is on no later page, and nothing is twice."""
    made = [report(f"ord {number}") for number in range(25)]
    filler.write(*made)
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = archive.searcher.search(ANNA, asked(text="ord", limit=10, cursor=cursor), now=NOW)
        seen += ids(page)
        filler.write(report("ord nytt"))
        if (cursor := page.cursor) is None:
            break
    assert seen == list(reversed(events(made)))


def test_a_cursor_is_worthless_to_others(archive: Archive, filler: Filler) -> None:
    """Made up, changed, another user's, another desk's, or another question's: refused alike."""
    filler.write(*(report("ord") for _ in range(3)))
    cursor = archive.searcher.search(ANNA, asked(text="ord", limit=1), now=NOW).cursor
    assert cursor is not None
    colleague = type(ANNA)("dana@polisen.example", ANNA.desk)
    for asker, changed, said in [
        (BO, cursor, "ord"),
        (colleague, cursor, "ord"),
        (ANNA, cursor, "annat"),
        (ANNA, f"{'A' if cursor[0] != 'A' else 'B'}{cursor[1:]}", "ord"),
        (ANNA, "AAAA", "ord"),
        (ANNA, "é", "ord"),
    ]:
        with pytest.raises(RefusedError) as refused:
            archive.searcher.search(asker, asked(text=said, limit=1, cursor=changed), now=NOW)
        assert refused.value.code is Refusal.CURSOR_INVALID


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE archive_rows; --",
        '" OR 1=1 --',
        'ord" OR archive_index MATCH "x',
        "ord AND NOT x NEAR(ord, 1)",
        "terms : ord",
        "^ord",
        "ord & !x | (y)",
        "ord <-> x:*",
        "ord:A*",
        "a\x00b ord",
        "\\' ord",
        "{ord} [x] -ord",
        "*",
        "ord **",
        "\ud800 ord",
    ],
)
def test_no_word_is_an_operator(archive: Archive, filler: Filler, text: str) -> None:
    """What a database's own language could mean is words or nothing: no error, no rows that the words do not name."""
    filler.write(report("helt annan text"))
    try:
        hits = found(archive, text=text)
    except RefusedError as refused:
        hits = [] if refused.code in _NO_WORDS else [refused.code]
    assert hits == []
    assert len(found(archive)) == 1


def test_a_view_is_asked_for_each_hit(archive: Archive, filler: Filler) -> None:
    """The gateway's own check: what it hides is not on the page, and does not make the page shorter."""
    made = [report("ord", priority=1 + number % 2) for number in range(20)]
    filler.write(*made)
    page = archive.searcher.search(
        ANNA, asked(text="ord", limit=8), view=lambda item: item if item.meta.priority == 1 else None, now=NOW
    )
    assert ids(page) == [each.event_id for each in reversed(made) if each.item.meta.priority == 1][:8]


def test_held_back_and_past_due(archive: Archive, filler: Filler) -> None:
    """A delivery is found when its time has come, until it is to be erased; a hold keeps it."""
    late = report("ord", not_before=NOW + timedelta(hours=1))
    retention: dict[str, Any] = {"retention_class": "R1", "clock_start": AT, "due_at": NOW - timedelta(minutes=1)}
    enrichment = {
        "origin_level": "region",
        "input_priority": 4,
        "priority_reason": "usual",
        "gazetteer_version": "1",
        "substances_version": "1",
        "retention": retention | {"hold": False},
    }
    over = report("ord", enrichment=enrichment)
    held = report("ord", enrichment=enrichment | {"retention": retention | {"hold": True}})
    filler.write(late, over, held)
    assert found(archive, text="ord") == [held.event_id]
    later = archive.searcher.search(ANNA, asked(text="ord"), now=NOW + timedelta(hours=2))
    assert ids(later) == [held.event_id, late.event_id]


def test_many_blocks(archive: Archive, filler: Filler) -> None:
    """What lies many blocks apart is found in order, page by page, by words that are everywhere or nowhere near."""
    from consumers.archive.tables import desks

    places = [1, 2, 5_000, 5_001, 50_000, 400_000, 400_001]
    made = []
    for place in places:
        made.append(report(f"ord {'sällan' if place in (2, 50_000) else ''}"))
        filler.write(made[-1])
        with archive.database.begin() as connection:  # as if so many had come in between
            connection.execute(desks.update().values(last_seq=place))
    newest_first = list(reversed(events(made)))
    assert found(archive, text="ord") == found(archive, areas=[REGION]) == found(archive) == newest_first
    assert found(archive, text="sällan") == [made[4].event_id, made[1].event_id]
    page = archive.searcher.search(ANNA, asked(text="ord", limit=3), now=NOW)
    again = archive.searcher.search(ANNA, asked(text="ord", limit=3, cursor=page.cursor), now=NOW)
    assert ids(page) + ids(again) == newest_first[:6]


def test_unknown_areas_types_and_fields_are_told(archive: Archive) -> None:
    """A question that could only find nothing is refused, with the place and a remedy in both languages."""
    wrong: list[tuple[dict[str, Any], Refusal, str]] = [
        ({"areas": ["se.nowhere"]}, Refusal.AREA_UNKNOWN, "/areas/0"),
        ({"types": ["no_type"]}, Refusal.TYPE_UNKNOWN, "/types/0"),
        ({"text": "a*"}, Refusal.PREFIX_TOO_SHORT, "/text"),
        ({"text": " ".join(["ord"] * 21)}, Refusal.QUERY_TOO_LONG, "/text"),
        ({"nonsense": 1}, Refusal.QUERY_INVALID, "/nonsense"),
        ({"event": "not-an-id"}, Refusal.QUERY_INVALID, "/event"),
    ]
    for fields, code, pointer in wrong:
        with pytest.raises(RefusedError) as refused:
            found(archive, **fields)
        assert (refused.value.code, refused.value.pointer) == (code, pointer)
        assert refused.value.remedy("sv") != refused.value.remedy("en")


def test_an_order_is_found_like_any_delivery(archive: Archive, filler: Filler) -> None:
    """The desk must see what it has to confirm."""
    target = new_id()
    recall = order(target)
    filler.write(recall)
    assert found(archive, types=["correction_order"]) == found(archive, event=target) == [recall.event_id]
