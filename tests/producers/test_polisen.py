"""Open notices become events that say what the notice says, and nothing more."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from producers.files import FileFault, json_lines, unpacked
from producers.polisen import Notices, incident_no, place_of
from producers.swedish_time import happened_at, published_at
from schemas.envelope import Event
from schemas.gazetteer import load_gazetteer
from schemas.problems import Problem, RejectCode
from schemas.validation import validate

DATA = Path(__file__).parent / "data" / "notices.jsonl"
SCANIA = ["se.syd.nordvastra-skane", "se.syd.malmo", "se.syd.sodra-skane", "se.syd.blekinge-nordostra-skane"]

Body = dict[str, Any]


def events_of(path: Path) -> list[Body]:
    """Every line of a file of notices as an event; a line that is none fails the test."""
    with path.open("rb") as file:
        records = list(Notices(load_gazetteer()).read(json_lines(unpacked(file))))
    assert [record.faults for record in records if record.body is None] == []
    return [record.body for record in records if record.body is not None]


@pytest.fixture(scope="module")
def events() -> list[Body]:
    """The made-up notices as events."""
    return events_of(DATA)


def line(**changes: Any) -> Body:
    """One made-up notice, changed."""
    notice: Body = {
        "id": 1,
        "datetime": "2026-07-01 9:05:11 +02:00",
        "name": "01 juli 08.50, Trafikolycka, Exempelstad",
        "summary": "Påhittad.",
        "url": "/x/",
        "type": "Trafikolycka",
        "location": {"name": "Skåne län", "gps": "55.9,13.5"},
        "seen_at": "2026-07-01T17:31:44+00:00",
    }
    return notice | changes


def mapped(**changes: Any) -> Body | tuple[Problem, ...]:
    """The event of one made-up notice."""
    return Notices(load_gazetteer()).event(line(**changes))


def event(**changes: Any) -> Body:
    """The event of one made-up notice that must map."""
    found = mapped(**changes)
    assert isinstance(found, dict)
    return found


def test_every_notice_is_a_valid_event(events: list[Body]) -> None:
    """What is mapped passes the bus's own validation."""
    assert all(isinstance(validate(body["event_type"], body), Event) for body in events)


def test_every_event_is_open_and_person_free(events: list[Body]) -> None:
    """Open data carry no persons, no sensitivity, and say that they are public."""
    for body in events:
        assert (body["public"], body["purpose"], body["sensitivity"], body["legal_origin"]) == (True, "PN", 0, "open")
        assert "persons" not in body


@pytest.mark.parametrize(
    ("published", "kind", "confirmed"),
    [
        ("Skottlossning", "shooting", True),
        ("Skottlossning, misstänkt", "shooting", False),
        ("Explosion", "explosion", True),
        ("Mordbrand", "arson", True),
    ],
)
def test_a_type_that_fits_becomes_a_violence_incident(published: str, kind: str, confirmed: bool) -> None:
    """Kind and confirmation are all that the notice's type says; its words stay words, nothing is made of them."""
    body = event(type=published, name="Rubrik", summary="Ingress.")
    assert body["event_type"] == "violence_incident"
    told = {"kind": kind, "confirmed": confirmed, "summary": "Rubrik. Ingress."}
    assert body["payload"] == {"incident_no": incident_no(1), **told}


@pytest.mark.parametrize("published", ["Mord/dråp, försök", "Smällar", "Brand", "Olaga hot", "Knivlagen", "Något nytt"])
def test_a_type_that_fits_none_stays_a_notice(published: str) -> None:
    """A loud bang is no explosion, a fire no arson: what the type does not say is not made up."""
    body = event(type=published)
    assert body["event_type"] == "public_notice"
    assert body["payload"]["published_kind"] == published


def test_a_county_reaches_all_its_police_areas(events: list[Body]) -> None:
    """Skåne is four police areas, one of them in part."""
    assert events[0]["areas"] == SCANIA
    assert events[0]["payload"]["county_code"] == "12"


def test_a_municipality_reaches_its_local_police_area(events: list[Body]) -> None:
    """Kiruna is listed for one."""
    assert events[3]["areas"] == ["se.nord.norrbotten.norra-lappland"]


def test_a_municipality_that_no_unit_lists_reaches_its_county(events: list[Body]) -> None:
    """Umeå lies in Västerbotten: that much is known without a guess."""
    assert events[4]["areas"] == ["se.nord.vasterbotten"]


def test_a_name_that_is_both_means_the_municipality() -> None:
    """Kalmar is a town; Kalmar län is a county of twelve municipalities."""
    gazetteer = load_gazetteer()
    assert place_of("Kalmar", gazetteer).municipality_code == "0880"
    assert place_of("Kalmar län", gazetteer).municipality_code is None


def test_an_unknown_place_goes_to_a_code_that_intake_refuses(events: list[Body]) -> None:
    """It is published, valid in form, keeps its name, and is no unit: quarantine, not the floor."""
    assert events[5]["areas"] == ["se.okand.atlantis-lan"]
    assert not load_gazetteer().known(events[5]["areas"][0])
    assert events[5]["payload"]["place_name"] == "Atlantis län"
    assert "county_code" not in events[5]["payload"]


@pytest.mark.parametrize("name", ["Ö", "!!!", "日本", "A" * 200, "Å, Ä & Ö"])
def test_any_place_name_makes_a_valid_code(name: str) -> None:
    """The code of an unknown place has a unit code's form, whatever its name."""
    body = event(location={"name": name})
    assert isinstance(validate("public_notice", body), Event)


def test_accuracy_is_that_of_the_centre(events: list[Body]) -> None:
    """A county's centre may be far off; a municipality's less."""
    assert events[0]["geo"]["accuracy_m"] == 90_000
    assert events[3]["geo"]["accuracy_m"] == 60_000
    assert events[0]["geo"]["place_type"] == "county_centre"


@pytest.mark.parametrize("gps", [None, "", "55.9", "x,y", "95,13", "nan,13", "1e999999,13", "55.9,13.5,1"])
def test_a_point_that_is_none_is_left_out(gps: str | None) -> None:
    """The areas still say where; a wrong point would be invented."""
    body = event(location={"name": "Skåne län", "gps": gps})
    assert "geo" not in body
    assert body["areas"] == SCANIA


def test_a_later_version_supersedes_the_one_before(events: list[Body]) -> None:
    """Same number, other text: the next revision."""
    first, last = events[0], events[6]
    assert (first["revision"], last["revision"]) == (1, 2)
    assert "supersedes" not in first
    assert last["supersedes"] == first["event_id"]
    assert last["payload"]["notice_no"] == first["payload"]["notice_no"]
    assert last["payload"]["version_hash"] != first["payload"]["version_hash"]


def test_a_suspicion_that_is_confirmed_is_a_revision_under_the_same_number(events: list[Body]) -> None:
    """The bus sees one incident that became certain."""
    suspected, confirmed = events[1], events[2]
    assert suspected["payload"]["incident_no"] == confirmed["payload"]["incident_no"]
    assert (suspected["payload"]["confirmed"], confirmed["payload"]["confirmed"]) == (False, True)
    assert confirmed["supersedes"] == suspected["event_id"]


def test_publishing_twice_gives_the_same_ids(events: list[Body]) -> None:
    """Ids come from what was seen and when, so the bus can drop the second time as retries."""
    assert events_of(DATA) == events
    assert len({body["event_id"] for body in events}) == len(events)


def test_the_id_tells_when_the_version_was_seen(events: list[Body]) -> None:
    """The first 48 bits of a UUIDv7 are milliseconds."""
    milliseconds = int(events[0]["event_id"].replace("-", "")[:12], 16)
    assert datetime.fromtimestamp(milliseconds / 1000, UTC) == datetime(2026, 7, 1, 17, 31, 44, tzinfo=UTC)


def test_a_version_seen_again_unchanged_is_the_same_event() -> None:
    """A poller that forgets what it saw makes no revisions."""
    notices = Notices(load_gazetteer())
    first = notices.event(line())
    assert notices.event(line(seen_at="2026-07-03T00:00:00+00:00")) == first


def test_times_are_the_notices_own(events: list[Body]) -> None:
    """It happened when its name says, and was reported when it was published."""
    assert events[0]["occurred_from"] == "2026-07-01T06:50:00+00:00"
    assert events[0]["reported_at"] == "2026-07-01T07:05:11+00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-22 21:29:11 +02:00", datetime(2026, 6, 22, 19, 29, 11, tzinfo=UTC)),
        ("2026-7-1 9:05:11 +02:00", datetime(2026, 7, 1, 7, 5, 11, tzinfo=UTC)),
        ("2026-07-01T09:05:11Z", datetime(2026, 7, 1, 9, 5, 11, tzinfo=UTC)),
        ("2026-07-01 09:05", datetime(2026, 7, 1, 7, 5, tzinfo=UTC)),
        ("2026-01-01 09:05", datetime(2026, 1, 1, 8, 5, tzinfo=UTC)),
        ("2026-02-30 09:05:00 +02:00", None),
        ("igår", None),
        ("", None),
        ("0001-01-01 00:00:00 +14:00", None),
        ("9999-12-31 23:59:59 -12:00", None),
    ],
)
def test_published_time(text: str, expected: datetime | None) -> None:
    """Padded or not, with an offset or in Swedish time; what is no time is none."""
    assert published_at(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1 juli 08.50, Stöld", datetime(2026, 7, 1, 6, 50, tzinfo=UTC)),
        ("01 Juli kl. 08:50, Stöld", datetime(2026, 7, 1, 6, 50, tzinfo=UTC)),
        ("1 juli 2026 08.50, Stöld", datetime(2026, 7, 1, 6, 50, tzinfo=UTC)),
        ("31 juni 08.50, Stöld", None),
        ("1 juli 23.50, Stöld", None),
        ("1 quintilis 08.50, Stöld", None),
        ("Stöld", None),
    ],
)
def test_time_in_a_name(name: str, expected: datetime | None) -> None:
    """Month names are read; a day that does not exist or lies after the notice is no time."""
    assert happened_at(name, datetime(2026, 7, 1, 8, 0, tzinfo=UTC)) == expected


def test_new_years_eve_belongs_to_the_year_before() -> None:
    """A notice written on 1 January of what happened the night before."""
    published = datetime(2027, 1, 1, 5, 0, tzinfo=UTC)
    assert happened_at("31 december 23.50, Brand", published) == datetime(2026, 12, 31, 22, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda x: x.pop("id"), Problem(RejectCode.FIELD_MISSING, "/id")),
        (lambda x: x.pop("location"), Problem(RejectCode.FIELD_MISSING, "/location")),
        (lambda x: x["location"].pop("name"), Problem(RejectCode.FIELD_MISSING, "/location/name")),
        (lambda x: x.update(datetime="igår"), Problem(RejectCode.FIELD_INVALID, "/datetime")),
        (lambda x: x.update(id="ett"), Problem(RejectCode.FIELD_INVALID, "/id")),
        (lambda x: x.update(seen_at="2026-07-01"), Problem(RejectCode.FIELD_INVALID, "/seen_at")),
    ],
)
def test_a_line_that_is_no_notice_is_told_with_a_pointer(change: Callable[[Body], object], problem: Problem) -> None:
    """The pointer leads into the line as it was given."""
    notice = line()
    change(notice)
    assert Notices(load_gazetteer()).event(notice) == (problem,)


def test_a_bad_line_does_not_stop_the_file() -> None:
    """Garbage keeps its line number, and the next notice is read."""
    lines = DATA.read_bytes().splitlines(keepends=True)
    records = list(Notices(load_gazetteer()).read(json_lines(unpacked(_file(lines[0] + b"garbage\n" + lines[1])))))
    assert [(r.number, r.body is not None, r.faults) for r in records] == [
        (1, True, ()),
        (2, False, (FileFault.NOT_JSON,)),
        (3, True, ()),
    ]


def _file(data: bytes) -> Any:
    """File."""
    import io

    return io.BytesIO(data)


@pytest.mark.only_if("SAMBUS_NOTICES" in os.environ)  # the variable names a file of real notices
def test_the_real_notices_all_map_and_validate() -> None:
    """Every real notice is a valid event for desks that exist."""
    gazetteer = load_gazetteer()
    bodies = events_of(Path(os.environ["SAMBUS_NOTICES"]))
    assert bodies
    assert all(isinstance(validate(body["event_type"], body), Event) for body in bodies)
    assert all(gazetteer.known(area) for body in bodies for area in body["areas"])
    assert len({body["event_id"] for body in bodies}) == len(bodies)
