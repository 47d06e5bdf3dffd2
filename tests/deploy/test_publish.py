"""``sambus publish``: what it tells people and programs, and the exit codes that scripts rely on."""

import gzip
import io
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastavro
import orjson
import pytest
from click.testing import CliRunner, Result

from deploy.cli.publish import publish
from deploy.cluster.ports import free_port
from schemas.codec import ORIGIN_HEADER
from tests.producers.conftest import ReadAll
from tests.producers.conftest import read_all as read_all  # noqa: PLC0414 - a fixture of the producers' tests
from tests.producers.conftest import topic as topic  # noqa: PLC0414
from tests.producers.made import SECRET, notice

DESK = "se.syd.malmo/intelligence"
NOTICES = Path(__file__).parents[1] / "producers" / "data" / "notices.jsonl"


def run(*args: object, **options: Any) -> Result:
    """The command's exit code and what it wrote."""
    return CliRunner().invoke(publish, [str(arg) for arg in args], **options)


def rows(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an output."""
    return [orjson.loads(line) for line in text.splitlines()]


def jsonl(path: Path, bodies: list[dict[str, Any] | bytes]) -> Path:
    """A JSON Lines file; bytes stand as they are."""
    path.write_bytes(b"".join((body if isinstance(body, bytes) else orjson.dumps(body)) + b"\n" for body in bodies))
    return path


async def test_good_events_are_taken_from_their_desk(kafka: str, topic: str, read_all: ReadAll, tmp_path: Path) -> None:
    """Exit code 0, a summary on stderr, and the desk proven on each record."""
    bodies = [notice() for _ in range(20)]
    file = jsonl(tmp_path / "events.jsonl", [*bodies])
    result = await _threaded(file, "--as", DESK, "--topic", topic, "--bootstrap", kafka, "--lang", "en")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "20 read, 20 taken, 0 rejected" in result.stderr
    records = await read_all(topic)
    assert {record.key.decode() for record in records} == {body["event_id"] for body in bodies}
    assert {dict(record.headers)[ORIGIN_HEADER] for record in records} == {DESK.encode()}


async def test_each_rejected_event_has_a_line_without_content(kafka: str, topic: str, tmp_path: Path) -> None:
    """Line number, code, pointer and remedy; exit code 1; the good ones are taken all the same."""
    file = jsonl(
        tmp_path / "events.jsonl",
        [notice(), b"garbage " + SECRET.encode(), notice(sensitivity=SECRET), b"", b"[]", b"\xff", notice()],
    )
    result = await _threaded(file, "--as", DESK, "--topic", topic, "--bootstrap", kafka, "--lang", "en")
    assert result.exit_code == 1
    told = result.stdout.splitlines()
    assert [line.partition(": ")[0] for line in told] == ["line 2", "line 3", "line 5", "line 6"]
    assert told[0] == "line 2: UNREADABLE: The line is not JSON. Write one whole JSON object on a single line."
    assert told[1].startswith("line 3: FIELD_INVALID /sensitivity: The field's value is not allowed.")
    assert "6 read, 2 taken, 4 rejected" in result.stderr
    assert SECRET not in result.output


async def test_swedish_is_what_people_get(kafka: str, topic: str, tmp_path: Path) -> None:
    """Unless they ask for English."""
    file = jsonl(tmp_path / "events.jsonl", [b"garbage"])
    result = await _threaded(file, "--as", DESK, "--topic", topic, "--bootstrap", kafka)
    assert result.stdout == "rad 1: UNREADABLE: Raden är inte JSON. Skriv ett helt JSON-objekt på en enda rad.\n"
    assert "1 lästa, 0 mottagna, 1 avvisade" in result.stderr


async def test_json_gives_a_receipt_for_each_and_a_summary(kafka: str, topic: str, tmp_path: Path) -> None:
    """One object a line on stdout, and nothing but."""
    good = notice()
    without_purpose = {name: value for name, value in notice().items() if name != "purpose"}
    file = jsonl(tmp_path / "events.jsonl", [good, without_purpose])
    result = await _threaded(file, "--as", DESK, "--topic", topic, "--bootstrap", kafka, "--json")
    taken, rejected, last = rows(result.stdout)
    assert (taken["line"], taken["event_id"], taken["status"], taken["topic"]) == (1, good["event_id"], "taken", topic)
    assert (rejected["line"], rejected["status"]) == (2, "rejected")
    (problem,) = rejected["problems"]
    assert (problem["code"], problem["pointer"]) == ("PURPOSE_MISSING", "/purpose")
    assert problem["remedy_sv"]
    assert problem["remedy_en"]
    assert (last["summary"]["taken"], last["summary"]["rejected"]) == (1, 1)


async def test_packed_files_and_pipes_are_read(kafka: str, topic: str, tmp_path: Path) -> None:
    """Gzip from a file, gzip from a pipe, and a plain pipe."""
    line = orjson.dumps(notice())
    file = tmp_path / "events.jsonl.gz"
    file.write_bytes(gzip.compress(line))
    options = ("--as", DESK, "--topic", topic, "--bootstrap", kafka)
    assert (await _threaded(file, *options)).exit_code == 0
    assert (await _threaded("-", *options, input=line)).exit_code == 0
    assert (await _threaded("-", *options, input=gzip.compress(line))).exit_code == 0


async def test_avro_containers_are_read_by_their_name(kafka: str, topic: str, tmp_path: Path) -> None:
    """A container of strings and longs; the envelope's few fields are enough."""
    schema = fastavro.parse_schema(
        {
            "type": "record",
            "name": "Outer",
            "fields": [
                *({"name": n, "type": "string"} for n in ("event_id", "event_type", "occurred_from", "reported_at")),
                *({"name": n, "type": "string"} for n in ("purpose", "legal_origin")),
                {"name": "sensitivity", "type": "int"},
                {"name": "public", "type": "boolean"},
                {"name": "provenance", "type": {"type": "map", "values": {"type": "array", "items": "string"}}},
                {"name": "payload", "type": {"type": "map", "values": "string"}},
            ],
        }
    )
    file = tmp_path / "events.avro"
    packed = io.BytesIO()
    fastavro.writer(packed, schema, [notice(), notice()])
    file.write_bytes(packed.getvalue())
    result = await _threaded(file, "--as", DESK, "--topic", topic, "--bootstrap", kafka, "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "2 read, 2 taken" in result.stderr


async def test_notices_are_published_and_an_unknown_place_is_told(kafka: str, topic: str, read_all: ReadAll) -> None:
    """The unmapped one is published too, for intake to quarantine; its number is told."""
    options = ("--as", "se.noa/coordination", "--topic", topic, "--bootstrap", kafka, "--format", "polisen")
    result = await _threaded(NOTICES, *options, "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "7 read, 7 taken" in result.stderr
    assert "1 name an unknown place and go to quarantine (AREA_UNKNOWN)." in result.stderr
    first = {record.key for record in await read_all(topic)}
    await _threaded(NOTICES, *options)
    assert {record.key for record in await read_all(topic)} == first


@pytest.mark.parametrize(
    ("desk", "said"),
    [
        ("se.syd.malmö/intelligence", "se.syd.malmo/intelligence"),
        ("se.syd.malmo/inteligence", "se.syd.malmo/intelligence"),
        ("se.syd.malmo", "se.syd.malmo/intelligence"),
    ],
)
def test_an_unknown_desk_is_wrong_use_with_near_names(desk: str, said: str) -> None:
    """Exit code 2, before the bus is asked anything."""
    result = run(NOTICES, "--as", desk)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("args", [["nowhere.jsonl", "--as", DESK], [NOTICES], [NOTICES, "--as", DESK, "--format", "x"]])
def test_wrong_use_is_exit_code_2(args: list[object]) -> None:
    """A missing file, a missing desk, an unknown format."""
    assert run(*args).exit_code == 2


async def test_a_bus_that_is_not_there_is_exit_code_3() -> None:
    """With what to do, and no summary of nothing."""
    result = await _threaded(NOTICES, "--as", DESK, "--bootstrap", f"127.0.0.1:{free_port()}")
    assert result.exit_code == 3
    assert result.stderr.startswith("Error: The bus cannot be reached")


def test_a_slow_pipe_is_reported_line_by_line(kafka: str) -> None:
    """The report of a line comes while the pipe is still open: nothing waits for the end of input."""
    command = [sys.executable, "-c", "from deploy.cli.main import main; main()", "publish", "-", "--as", DESK]
    with subprocess.Popen(
        [*command, "--bootstrap", kafka, "--lang", "en"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"garbage\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"line 1: UNREADABLE")
        process.stdin.close()
        assert process.wait(30) == 1


def test_ctrl_c_on_a_silent_pipe_ends_at_once_with_what_was_done(kafka: str) -> None:
    """No stack trace, no hanging reader; what was read is summed up, and the exit code says that it is not all."""
    command = [sys.executable, "-c", "from deploy.cli.main import main; main()", "publish", "-", "--as", DESK]
    with subprocess.Popen(
        [*command, "--bootstrap", kafka, "--lang", "en"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"garbage\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1
        assert process.stderr.read().startswith(b"1 read, 0 taken, 1 rejected")


async def _threaded(*args: object, **options: Any) -> Result:
    """Run the command in a thread: it has an event loop of its own."""
    import asyncio

    return await asyncio.to_thread(run, *args, **options)
