"""``sambus rules diff``: a changed pack tried on the demo's day and on a bus, told as a table, delivering nothing."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consumers.bus import administrator, committed_reader, end_of, topics_of
from deploy.cli.rules import rules
from deploy.demo.offline import assessed_day
from schemas.catalogue import PUBLISHED_TYPES
from schemas.codec import Codec
from schemas.sealing import SEALED, Seals, written_seal_keys
from schemas.topics import ASSESSED
from streams.core.share.loading import RULES
from streams.engine.match_keys import seal_keys
from tests.consumers.made import Sent
from tests.deploy.cli_bus import prepare, sambus
from tests.streams.core.made import KEYS
from tests.streams.core.share.packs import changed_pack


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of the changed pack: the released one, written otherwise in a few places."""
    return str(changed_pack(tmp_path_factory.mktemp("changed") / "pack"))


def run(*arguments: str) -> Result:
    """The command's result, on a wide screen."""
    return CliRunner().invoke(rules, arguments, env={"COLUMNS": "400", "TERM": "dumb", "SAMBUS_LANG": "en"})


def test_the_demo_day_is_whole() -> None:
    """Events of every type that units publish, each id once, in order; the same every time."""
    day = list(assessed_day())
    assert {each.event["event_type"] for each in day} == set(PUBLISHED_TYPES)
    assert len({each.event["event_id"] for each in day}) == len(day)
    assert [each.at for each in day] == sorted(each.at for each in day)
    assert [each.event for each in day] == [each.event for each in assessed_day()]


def test_a_changed_pack_over_the_demo_day(changed: str) -> None:
    """The table names the events, the desks, what changes and by which rules; the totals stand below."""
    said = run("diff", str(RULES), changed, "--over", "demo")
    assert said.exit_code == 0
    lines = said.stdout.splitlines()
    scene = next(line for line in lines if line.startswith("Open drug scene"))
    assert "newly reached" in scene
    assert "Polisregion Stockholm/prevention" in scene
    assert "+S13" in scene
    seen = next(line for line in lines if line.startswith("Surveillance observation"))
    assert "sees less" in seen
    assert "S03" in seen
    assert any("no longer reached" in line and "-S01" in line for line in lines)
    assert any(line.split()[0] == "total" for line in lines)
    assert "Nothing was delivered." in said.stderr


def test_the_difference_as_json(changed: str) -> None:
    """One object for each event, desk and kind of change, and the sums last; codes instead of names."""
    said = run("diff", str(RULES), changed, "--over", "demo", "--json")
    *found, sums = [json.loads(line) for line in said.stdout.splitlines()]
    assert {"event_id", "event_type", "areas", "at", "kind", "desk", "fields", "by"} == set(found[0])
    assert sums["events"] == len(list(assessed_day()))
    assert sums["differing"] == len({each["event_id"] for each in found})
    assert sums["reached"] == sum(each["kind"] == "reached" for each in found) > 0
    assert ("se.stockholm/prevention", "reached", ["+S13"]) in [
        (each["desk"], each["kind"], each["by"]) for each in found
    ]


def test_the_other_way_round_is_the_opposite(changed: str) -> None:
    """Who is newly reached by one is no longer reached by the other."""

    def kinds(old: str, new: str, kind: str) -> set[tuple[str, str]]:
        lines = run("diff", old, new, "--over", "demo", "--json").stdout.splitlines()[:-1]
        found = map(json.loads, lines)
        return {(each["event_id"], each["desk"]) for each in found if each["kind"] == kind}

    assert kinds(str(RULES), changed, "reached") == kinds(changed, str(RULES), "lost") != set()
    assert kinds(str(RULES), changed, "less") == kinds(changed, str(RULES), "more") != set()


def test_exit_codes(changed: str, tmp_path: Path) -> None:
    """0 for a difference and for none, 1 for one that was asked about and for a bad pack, 2 for a bad period."""
    same = run("diff", str(RULES), str(RULES), "--over", "demo", "--exit-code")
    assert (same.exit_code, same.stdout) == (0, "")
    assert run("diff", str(RULES), changed, "--over", "demo", "--exit-code").exit_code == 1
    (tmp_path / "pack.yaml").write_text("version: 1\n", "utf-8")
    bad = run("diff", str(RULES), str(tmp_path), "--over", "demo")
    assert (bad.exit_code, "pack.yaml:" in bad.stdout) == (1, True)
    assert run("diff", str(RULES), "./no/folder", "--over", "demo").exit_code == 1
    assert run("diff", str(RULES), changed, "--over", "yesterday").exit_code == 2
    assert run("diff", str(RULES), changed, "--over", "17").exit_code == 2
    assert run("diff", str(RULES), changed, "--bootstrap", "127.0.0.1:1").exit_code == 3
    assert run("diff", "running", changed, "--over", "demo", "--bootstrap", "127.0.0.1:1").exit_code == 3


async def ends(bootstrap: str) -> dict[str, int]:
    """How far every partition of the bus goes."""
    options = {"bootstrap_servers": bootstrap}
    async with administrator(options) as admin:
        places = [place for topic in (await topics_of(admin)).values() for place in topic]
    async with committed_reader(options) as consumer:
        return {f"{place.topic}:{place.partition}": await end_of(consumer, place) for place in places}


@pytest.mark.kafka
def test_a_changed_pack_over_what_a_bus_decided(
    kafka: str, changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same differences as over the demo's day, whose events stand on the bus; not one record is written."""
    keys, codec = seal_keys(KEYS), Codec(seals=Seals(seal_keys(KEYS)))
    day = list(assessed_day())
    values = [(each.event, codec.encode(str(each.event["event_type"]), each.event)) for each in day]
    prepare(kafka, [Sent(ASSESSED, str(event["event_id"]), value) for event, value in values])
    assert {codec.name_of(value) for _, value in values} > {SEALED}
    before = asyncio.run(ends(kafka))
    shut = sambus(kafka, "rules", "diff", "running", changed, "--over", "1h", "--json")
    assert (shut.exit_code, "sambus keys sealing" in shut.output) == (2, True), shut.output
    (tmp_path / "sealing.json").write_bytes(written_seal_keys(keys))
    monkeypatch.setenv("SAMBUS_SEALING_KEYS", str(tmp_path / "sealing.json"))
    said = sambus(kafka, "rules", "diff", "running", changed, "--over", "1h", "--json")
    assert said.exit_code == 0, said.output
    ids = {event["event_id"] for event, _ in values}
    found = [json.loads(line) for line in said.stdout.splitlines()[:-1]]
    there = {(each["event_id"], each["desk"], each["kind"]) for each in found if each["event_id"] in ids}
    assert {kind for _, _, kind in there} >= {"reached", "lost", "less"}
    assert ("se.stockholm/prevention", "reached") in {(desk, kind) for _, desk, kind in there}
    assert asyncio.run(ends(kafka)) == before
