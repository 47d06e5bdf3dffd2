"""Each format as its own judge reads it, with the markings and the grading of ours, and Swedish letters right."""

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from pyarrow import parquet
from pypdf import PdfReader
from shapely.geometry import Polygon
from stix2validator import ValidationOptions, validate_string

from consumers.archive.archive import Archive
from consumers.exports.making import Format
from consumers.exports.stix import EXTENSION_ID, EXTENSION_SCHEMA
from tests.consumers.archive.made import Filler, came
from tests.consumers.exports.made import CUSTOMS, GRADED, UNIT, event, picture, taken
from tests.consumers.exports.misp_format import MISP_SCHEMA

#: What a spreadsheet would run.
FORMULAS = [
    "=1+1",
    "+46 70 1234567",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =HYPERLINK(1)",
    "＝1+1",
    '=cmd|"/c calc"!A1',
]


def scene() -> Any:
    """An open drug scene with an outline, drawn clockwise."""
    corners = [("17.90", "59.40"), ("17.92", "59.40"), ("17.92", "59.38"), ("17.90", "59.38")]
    payload = {
        "scene_id": "J-1",
        "polygon": [{"lon": Decimal(lon), "lat": Decimal(lat)} for lon, lat in corners],
        "place_type": "square",
        "status": "active",
    }
    return came(payload, event_type="open_drug_scene", grading=GRADED)


@pytest.mark.parametrize("handling", ["H0", "H1"])
@pytest.mark.parametrize("sensitivity", [0, 1, 2, 3])
def test_stix_is_valid_by_the_official_validator(
    archive: Archive, filler: Filler, handling: str, sensitivity: int
) -> None:
    """Without an error or a warning, with the TLP 2.0 marking and our grading as a declared extension."""
    one = event("Åtta lådor.", handling_code=handling, sensitivity=sensitivity)
    filler.write(one, scene(), picture())
    data = taken(archive, one, format="stix").data
    result = validate_string(data.decode(), ValidationOptions(version="2.1", strict=True))
    assert result.is_valid, result.errors
    bundle = json.loads(data)
    objects = {each["type"]: each for each in bundle["objects"]}
    extension = objects["report"]["extensions"][EXTENSION_ID]
    jsonschema.validate(extension, EXTENSION_SCHEMA)
    assert (extension["source_grade"], extension["info_grade"], extension["handling"]) == ("B", 2, handling)
    label = ["TLP:GREEN", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT"][sensitivity]
    assert objects["marking-definition"]["name"] == label
    assert objects["report"]["object_marking_refs"] == [objects["marking-definition"]["id"]]
    assert objects["report"]["description"] == "Åtta lådor."
    assert objects["extension-definition"]["id"] == EXTENSION_ID


def test_stix_names_the_same_event_alike(archive: Archive, filler: Filler) -> None:
    """Two exports of one event hold the same objects, so a reader joins them."""
    one, two = event(), scene()
    filler.write(one, two)
    first, second = (json.loads(taken(archive, *made, format="stix").data) for made in ((one, two), (one,)))
    ids = {each["id"] for each in first["objects"]}
    assert {each["id"] for each in second["objects"] if each["type"] == "report"} <= ids
    assert len(ids) == len(first["objects"])


def test_misp_is_core_format(archive: Archive, filler: Filler) -> None:
    """By a schema of the core format; TLP and our own taxonomy as tags, nobody but the organisation spreads it."""
    one, two = event(), scene()
    filler.write(one, two)
    told = json.loads(taken(archive, one, two, format="misp").data)
    jsonschema.validate(told, MISP_SCHEMA)
    found = told["Event"]
    assert [tag["name"] for tag in found["Tag"]] == ["tlp:amber"]
    assert found["distribution"] == "0"
    tags = {tag["name"] for attribute in found["Attribute"] for tag in attribute["Tag"]}
    assert {'sambus:source-grade="B"', 'sambus:info-grade="2"', 'sambus:handling="H0"'} <= tags
    whole = [json.loads(each["value"]) for each in found["Attribute"] if each["comment"].startswith("json")]
    assert {each["event"]["event_id"] for each in whole} == {one.event_id, two.event_id}
    assert len({each["uuid"] for each in found["Attribute"]}) == len(found["Attribute"])


def test_geojson_is_rfc_7946(archive: Archive, filler: Filler) -> None:
    """A point, a ring that is closed and runs anticlockwise, and an event without a place."""
    one, two, three = event(), scene(), event(geo=None)
    filler.write(one, two, three)
    told = json.loads(taken(archive, one, two, three, format="geojson").data)
    assert set(told) == {"type", "features"}
    features = {each["id"]: each for each in told["features"]}
    assert all(set(each) == {"type", "id", "geometry", "properties"} for each in told["features"])
    assert features[one.event_id]["geometry"] == {"type": "Point", "coordinates": [17.93, 59.37]}
    assert features[three.event_id]["geometry"] is None
    ring = features[two.event_id]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    drawn = Polygon(ring)
    assert drawn.is_valid
    assert drawn.exterior.is_ccw
    assert "crs" not in told


@pytest.mark.parametrize("formula", FORMULAS)
def test_csv_holds_no_formula(archive: Archive, filler: Filler, formula: str) -> None:
    """Whatever a publisher wrote, a spreadsheet reads a text; and it is still the same text to whoever parses it."""
    one = event(formula.strip(" ") or formula)
    filler.write(one)
    data = taken(archive, one, format="csv").data
    assert data.startswith("\ufeff".encode())
    row = next(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert not any(value.lstrip().startswith(("=", "+", "-", "@", "＝")) for value in row.values())
    assert row["summary"].removeprefix("'") == one.item.event["payload"]["summary"]


def test_csv_has_swedish_letters_quotes_and_lines(archive: Archive, filler: Filler) -> None:
    """As RFC 4180 has it."""
    one = event('Åke sa "öl", sen\ngick han')
    filler.write(one)
    rows = list(csv.DictReader(io.StringIO(taken(archive, one).data.decode("utf-8-sig"), newline="")))
    assert rows[0]["summary"] == 'Åke sa "öl", sen\ngick han'
    assert rows[0]["origin"] == f"{UNIT}.jarva/intelligence"
    assert json.loads(rows[0]["payload"])["summary"] == rows[0]["summary"]


def test_parquet_has_types(archive: Archive, filler: Filler) -> None:
    """Times are times, numbers are numbers, and the file names its export."""
    one, two = event("=1+1"), event(geo=None)
    filler.write(one, two)
    made = taken(archive, one, two, format="parquet")
    table = parquet.read_table(io.BytesIO(made.data))
    rows = {row["event_id"]: row for row in table.to_pylist()}
    assert rows[one.event_id]["occurred_from"] == one.item.event["occurred_from"]
    assert rows[one.event_id]["latitude"] == 59.37
    assert rows[two.event_id]["latitude"] is None
    assert rows[one.event_id]["summary"] == "=1+1", "in Parquet a text is a text: nothing is added to it"
    assert table.schema.metadata[b"sambus_export"].decode() == made.disclosure.export_id


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_the_brief_says_what_the_picture_says(archive: Archive, filler: Filler, lang: str) -> None:
    """Title, judgement, figures, gaps, markings and who took it out, with Swedish letters and a dash."""
    one = picture()
    filler.write(one)
    made = taken(archive, one, format="pdf", lang=lang)
    assert made.data.startswith(b"%PDF-")
    words = pdf_text(made.data)
    for text in ("Öppna drogscener i Järva", "Försäljningen flyttar.", "okänt", "1250.500", "TLP:AMBER", "H0", CUSTOMS):
        assert text in words, text
    expected = ("Lägesbild", "sannolikt", "beslag") if lang == "sv" else ("Situation picture", "likely", "seizures")
    assert all(text in words for text in expected)
    assert made.disclosure.export_id in words


def test_the_brief_takes_any_letters(archive: Archive, filler: Filler) -> None:
    """A theme in Greek, Cyrillic and Polish letters is written as it is."""
    theme = "Łódź Ωmega Москва"
    one = picture(theme=theme)
    filler.write(one)
    assert theme in pdf_text(taken(archive, one, format="pdf").data)


@pytest.mark.parametrize("fmt", list(Format))
def test_synthetic_is_marked_in_every_format(archive: Archive, filler: Filler, fmt: Format) -> None:
    """Made-up events never look like real ones."""
    one = picture()
    filler.write(one)
    made = taken(archive, one, format=fmt.value)
    if fmt is Format.PARQUET:
        assert parquet.read_table(io.BytesIO(made.data)).to_pylist()[0]["synthetic"] is True
    else:
        text = pdf_text(made.data) if fmt is Format.PDF else made.data.decode()
        assert re.search("synthetic|SYNTETISKT", text, re.IGNORECASE)
    assert made.disclosure.synthetic


def pdf_text(data: bytes) -> str:
    """The text of a PDF, as another library reads it, on one line."""
    reader = PdfReader(io.BytesIO(data))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())
