"""``sambus import``: rows become events once, whatever interrupts it; what is rejected can be mended and run again."""

import asyncio
import csv
import io
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from deploy.cli.main import main
from deploy.cluster.ports import free_port
from schemas.codec import Codec
from tests.producers.conftest import ReadAll
from tests.producers.conftest import read_all as read_all  # noqa: PLC0414 - a fixture of the producers' tests
from tests.producers.conftest import topic as topic  # noqa: PLC0414

DESK = "se.syd.malmo/intelligence"
MAP = """\
event_type: public_notice
id_time: 2026-11-20T00:00:00Z
same: {legal_origin: open, public: true, synthetic: true, payload.source: test, payload.place_name: Malmö}
fields:
  occurred_from: {column: tid, time: "%Y-%m-%d %H:%M"}
  reported_at: {column: tid, time: "%Y-%m-%d %H:%M"}
  areas: {column: omrade, split: "/"}
  payload.notice_no: nummer
  payload.version_hash: version
  payload.published_kind: slag
  payload.title: rubrik
  payload.summary: text
  payload.url_path: {column: url, default: /x/}
"""
SECRET = "Påhittad hemlighet 4711"


def row(number: int, **changes: str) -> dict[str, str]:
    """A good row of a made-up table."""
    made = {"tid": "2026-11-19 10:15", "omrade": "se.syd.malmo", "nummer": f"n-{number}", "version": "0" * 64}
    return made | {"slag": "Stöld", "rubrik": SECRET, "text": "x", "url": ""} | changes


def table(path: Path, rows: list[dict[str, str]], delimiter: str = ";") -> Path:
    """A CSV file of rows."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), "utf-8")
    return path


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """The mapping of these tables."""
    path = tmp_path / "map.yaml"
    path.write_text(MAP, "utf-8")
    return path


def arguments(file: Path, mapping: Path, kafka: str, topic: str, *more: str) -> list[str]:
    """The command line."""
    named = ["--as", DESK, "--mapping", str(mapping), "--bootstrap", kafka, "--topic", topic, "--lang", "en"]
    return ["import", str(file), *named, *more]


async def imported(*said: Any) -> Result:
    """Call the command, in a thread: it has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, main, arguments(*said))


async def test_rows_are_imported_once_and_again_doubles_nothing(
    kafka: str, topic: str, read_all: ReadAll, mapping: Path, tmp_path: Path
) -> None:
    """Done is done; ``--again`` sends the same records, which the bus knows as retries."""
    file = table(tmp_path / "notices.csv", [row(number) for number in range(30)])
    done = await imported(file, mapping, kafka, topic)
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    assert "30 rows, 30 taken, 0 rejected" in done.stderr
    records = await read_all(topic)
    assert len({record.key for record in records}) == 30
    assert {Codec().decode(r.value).value["payload"]["notice_no"] for r in records} == {f"n-{n}" for n in range(30)}
    again = await imported(file, mapping, kafka, topic)
    assert again.exit_code == 0
    assert "Imported already" in again.stderr
    assert len(await read_all(topic)) == 30
    assert (await imported(file, mapping, kafka, topic, "--again")).exit_code == 0
    copies = Counter((r.key, r.value) for r in await read_all(topic))
    assert set(copies.values()) == {2}
    assert len(copies) == 30
    assert not list(tmp_path.glob("*.rejected.*"))  # noqa: ASYNC240 - a local folder


async def test_rejected_rows_are_a_report_that_is_mended_and_imported(
    kafka: str, topic: str, read_all: ReadAll, mapping: Path, tmp_path: Path
) -> None:
    """The rows as they were, with line, code, pointer and remedy; the mended report is a table like any other."""
    bad = [row(1, tid="igår"), row(3, omrade="se.atlantis"), row(4, version="kort")]
    file = table(tmp_path / "notices.csv", [row(0), bad[0], row(2), *bad[1:]])
    done = await imported(file, mapping, kafka, topic)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0].startswith(
        "line 3: FIELD_INVALID /occurred_from: Column tid: A time in the form"
    )
    assert SECRET not in done.output
    report = tmp_path / "notices.rejected.csv"
    assert report.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(io.StringIO(report.read_text("utf-8")), delimiter=";"))
    assert [{name: value for name, value in each.items() if not name.startswith("sambus_")} for each in rows] == bad
    assert [each["sambus_line"] for each in rows] == ["3", "5", "6"]
    assert [each["sambus_code"].partition(" ")[0] for each in rows] == [
        "FIELD_INVALID",
        "AREA_UNKNOWN",
        "FIELD_INVALID",
    ]
    assert rows[1]["sambus_pointer"] == "/areas/0"
    assert "gazetteer" in rows[1]["sambus_remedy"]
    mended = [each | {"tid": "2026-11-19 10:15", "omrade": "se.syd.malmo", "version": "1" * 64} for each in rows]
    second = await imported(table(report, mended), mapping, kafka, topic)
    assert second.exit_code == 0, second.output
    assert len({record.key for record in await read_all(topic)}) == 5


async def test_killed_in_the_middle_it_goes_on_and_doubles_nothing(
    kafka: str, topic: str, read_all: ReadAll, mapping: Path, tmp_path: Path
) -> None:
    """Kill -9: each row is an event once or a rejected row once, in the run that ends the import."""
    rows = [row(number, omrade="se.atlantis") if number % 100 == 7 else row(number) for number in range(12_000)]
    file = table(tmp_path / "notices.csv", rows)
    position = tmp_path / "notices.csv.sambus.json"
    command = [sys.executable, "-m", "deploy.cli", *arguments(file, mapping, kafka, topic)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: ASYNC220 - it is killed below
        until = time.monotonic() + 60
        while not await asyncio.to_thread(position.exists):
            assert time.monotonic() < until
            assert process.poll() is None
            await asyncio.sleep(0.01)
        process.kill()
    done = orjson.loads(await asyncio.to_thread(position.read_bytes))
    assert 0 < done["done"] < 12_000
    rest = await imported(file, mapping, kafka, topic)
    assert rest.exit_code == 1
    assert f"Goes on after {done['done']} rows." in rest.stderr
    assert "12000 rows, 11880 taken, 120 rejected" in rest.stderr
    copies = Counter(record.key for record in await read_all(topic))
    assert len(copies) == 11_880
    assert sum(copies.values()) < 11_880 + done["done"] + 6_000
    report = list(csv.DictReader(io.StringIO((tmp_path / "notices.rejected.csv").read_text("utf-8")), delimiter=";"))
    assert [each["nummer"] for each in report] == [f"n-{number}" for number in range(12_000) if number % 100 == 7]


async def test_a_changed_file_begins_anew(
    kafka: str, topic: str, read_all: ReadAll, mapping: Path, tmp_path: Path
) -> None:
    """Rows that were there before are retries."""
    file = table(tmp_path / "notices.csv", [row(number) for number in range(5)])
    await imported(file, mapping, kafka, topic)
    table(file, [row(number) for number in range(8)])
    done = await imported(file, mapping, kafka, topic)
    assert "It has changed: it begins anew." in done.stderr
    assert len({record.key for record in await read_all(topic)}) == 8


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
async def test_records_of_other_formats_are_imported_and_reported(
    kafka: str, topic: str, read_all: ReadAll, mapping: Path, tmp_path: Path, form: str
) -> None:
    """Their report is JSON Lines, by the same names."""
    rows = [row(0), row(1, omrade="se.atlantis")]
    file = tmp_path / f"notices.{form}"
    if form == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), file)
    else:
        file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    done = await imported(file, mapping, kafka, topic, "--json")
    assert done.exit_code == 1, done.output
    rejected, summary = map(orjson.loads, done.stdout.splitlines())
    assert [problem["code"] for problem in rejected["problems"]] == ["AREA_UNKNOWN"]
    assert summary["summary"] | {"report": None} == {
        "rows": 2, "taken": 1, "rejected": 1, "complete": True, "in_spool": 0, "report": None,
    }  # fmt: skip
    report = tmp_path / "notices.rejected.jsonl"
    (line,) = map(orjson.loads, report.read_bytes().splitlines())
    assert {name: value for name, value in line.items() if name != "sambus"} == rows[1]
    report.write_bytes(orjson.dumps(line | {"omrade": "se.syd.malmo"}))
    assert (await imported(report, mapping, kafka, topic)).exit_code == 0
    assert len(await read_all(topic)) == 2


async def test_without_a_bus_rows_wait_in_the_spool(
    mapping: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken is taken; without a spool the import goes on once the bus is there."""
    file, nowhere = table(tmp_path / "notices.csv", [row(0), row(1)]), f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("SAMBUS_SPOOL_KEYS", "ab" * 32)
    refused = await imported(file, mapping, nowhere, "in.gateway")
    assert refused.exit_code == 3
    assert "it goes on here" in refused.stderr
    done = await imported(file, mapping, nowhere, "in.gateway", "--spool", str(tmp_path / "spool"), "--wait", "0")
    assert done.exit_code == 0, done.output
    assert "2 wait in the spool" in done.stderr


async def test_a_mistake_in_the_mapping_is_wrong_use_before_anything_is_read(mapping: Path, tmp_path: Path) -> None:
    """With file, line and remedy; so is a column that is not there, and a name that says no format."""
    file = table(tmp_path / "notices.csv", [row(0)])
    mapping.write_text(MAP.replace("payload.title", "payload.titel"), "utf-8")  # noqa: ASYNC240 - a local file
    wrong = await imported(file, mapping, "nowhere:1", "in.gateway")
    assert wrong.exit_code == 2
    assert "map.yaml:11: The event type has no field 'payload.titel'. Did you mean 'title'?" in wrong.stderr
    mapping.write_text(MAP.replace(": rubrik", ": rubrikk"), "utf-8")  # noqa: ASYNC240 - a local file
    wrong = await imported(file, mapping, "nowhere:1", "in.gateway")
    assert "map.yaml:11: The file has no column 'rubrikk'. Did you mean 'rubrik'?" in wrong.stderr
    other = file.rename(tmp_path / "notices.txt")
    assert (await imported(other, mapping, "nowhere:1", "in.gateway")).exit_code == 2


async def test_a_desk_that_may_not_publish_the_type_is_told(
    kafka: str, topic: str, read_all: ReadAll, tmp_path: Path, mapping: Path
) -> None:
    """Row by row, without sending one."""
    text = """\
event_type: asset_forfeiture
same: {legal_origin: open, reported_at: 2026-11-19T10:00:00Z, occurred_from: 2026-11-19T10:00:00Z}
fields: {payload.asset_id: nummer, payload.stage: skede, payload.asset_kind: slag}
"""
    mapping.write_text(text, "utf-8")  # noqa: ASYNC240 - a local file
    file = table(tmp_path / "assets.csv", [{"nummer": "1", "skede": "secured", "slag": "cash"}])
    done = await imported(file, mapping, kafka, topic)
    if done.exit_code == 2:
        pytest.fail(done.output)
    assert done.stdout.startswith("line 2: PUBLISHER_NOT_ALLOWED /event_type")
    assert await read_all(topic) == []
