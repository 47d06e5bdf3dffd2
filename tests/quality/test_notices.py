"""Made-up notices in the form of the open API: revisions, summaries of the night, one incident in two counties."""

from typing import Any

from tests.quality.real_notices import Run, page, run

_GPS = {
    "Skåne län": "55.990257,13.595769",
    "Hallands län": "56.896805,12.803399",
    "Motala": "58.5380,15.0360",
    "Norrköping": "58.5877,16.1924",
}


def line(number: int, at: str, kind: str, place: str, text: str, seen: str = "12:00:00") -> dict[str, Any]:
    """A version of a notice as the API gives it; ``at`` is the clock on 3 July."""
    return {
        "seen_at": f"2026-07-04T{seen}+00:00",
        "id": number,
        "datetime": f"2026-07-03 {at}:00 +02:00",
        "name": f"03 juli {at.replace(':', '.')}, {kind}, {place}",
        "summary": text,
        "url": f"/aktuellt/handelser/pahittad/{number}/",
        "type": kind,
        "location": {"name": place, "gps": _GPS[place]},
    }


def numbers(made: Run) -> set[tuple[int, ...]]:
    """The notice numbers of each card."""
    return {tuple(sorted(made.notices[matter]["id"] for matter in card)) for card in made.cards}


CHASE = (
    "Påhittad notis: en silverfärgad kombi vägrar stanna för kontroll på E6 och förföljs av tre patruller över "
    "länsgränsen, föraren grips i en skogsdunge och misstänks för grov vårdslöshet i trafik."
)


def test_versions_of_a_notice_are_one_matter_also_when_its_kind_changes() -> None:
    """A notice that becomes a shooting is a revision, not a second event."""
    made = run(
        [
            line(1, "19:12", "Trafikolycka", "Motala", "Påhittad notis: två bilar har krockat."),
            line(1, "19:12", "Trafikolycka", "Motala", "Påhittad notis: tre bilar har krockat.", "13:00:00"),
            line(2, "20:40", "Övrigt", "Norrköping", "Påhittad notis: larm om knallar."),
            line(2, "20:40", "Skottlossning", "Norrköping", "Påhittad notis: det har skjutits.", "13:30:00"),
        ]
    )
    assert (made.lines, len(made.notices), made.revisions, made.joined_revisions) == (4, 2, 2, 2)
    assert numbers(made) == set()


def test_one_incident_on_the_pages_of_two_counties_is_one_card() -> None:
    """Each county has its number; the text is nearly the same."""
    other = CHASE.replace("tre patruller", "flera patruller")
    made = run(
        [line(3, "14:05", "Trafikbrott", "Skåne län", CHASE), line(4, "14:09", "Trafikbrott", "Hallands län", other)]
    )
    assert numbers(made) == {(3, 4)}


def test_summaries_of_the_night_stay_with_their_place_and_night() -> None:
    """They are written in the same words in each county, night after night."""
    text = "Påhittad notis: ett urval av nattens händelser."
    lines = [
        line(5, "07:00", "Sammanfattning natt", "Skåne län", text),
        line(6, "07:02", "Sammanfattning natt", "Hallands län", text),
        line(7, "07:00", "Sammanfattning natt", "Skåne län", text) | {"datetime": "2026-07-04 07:00:00 +02:00"},
    ]
    lines[2]["name"] = lines[2]["name"].replace("03 juli", "04 juli")
    assert numbers(run(lines)) == set()


def test_stock_phrases_join_nothing() -> None:
    """Two accidents of one afternoon that are told in three words each."""
    text = "Larm om trafikolycka."
    made = run([line(8, "14:00", "Trafikolycka", "Motala", text), line(9, "16:30", "Trafikolycka", "Norrköping", text)])
    assert numbers(made) == set()


def test_the_list_of_joins_names_notices_and_not_what_they_say() -> None:
    """Their texts stay where they were published."""
    made = run(
        [line(3, "14:05", "Trafikbrott", "Skåne län", CHASE), line(4, "14:09", "Trafikbrott", "Hallands län", CHASE)]
    )
    told = page(made, "command")
    assert "3: Trafikbrott, Skåne län" in told
    assert "kombi" not in told
