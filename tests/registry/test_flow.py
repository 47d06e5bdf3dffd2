"""A bus with a registry: both wire forms in, ids in front of deliveries out, and what happens when it is gone."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from consumers.feed import Delivery, Feed, Unreadable
from consumers.quarantine import Entry, Place
from consumers.resending import resend
from consumers.retry import as_it_came
from deploy.cluster.ports import free_port
from deploy.registry import RegistryIds, registry_at
from deploy.registry.server import RegistryServer
from producers.client import BusUnreachable, Producer, RawRecord, publish_raw
from schemas.codec import MAX_BUS_BYTES, ORIGIN_HEADER, Codec
from schemas.feed_counts import COUNT_HEADER
from schemas.problems import RejectCode
from schemas.records import Quarantined
from schemas.registry import load_released
from schemas.schema_ids import RegistrySilentError, id_in, shared_names
from schemas.topics import ACCEPTED, ASSESSED, DECISIONS, QUARANTINE
from schemas.validation import validate
from tests.bus import CODEC, Bus, committed
from tests.deploy.cli_bus import sambus as cli
from tests.registry.conftest import DESK, UNIT
from tests.registry.made import seizure

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

OWN_TOPIC = f"in.{UNIT}"
#: Two desks that get a seizure of Järva: its publisher, on a topic of its own, and the police area, on the region's.
AREA_DESK = "se.stockholm.stockholm-nord/intelligence"


async def published(bus: Bus, ids: RegistryIds | None, **changes: Any) -> str:
    """The id of a seizure that stands on the unit's topic."""
    async with Producer(bus.options, origin=DESK, topic=OWN_TOPIC, ids=ids) as producer:
        receipt = await producer.publish(seizure(**changes))
    assert receipt.status == "taken", receipt.problems
    assert receipt.event_id is not None
    return receipt.event_id


async def decided(bus: Bus, event_id: str) -> None:
    """Wait until the rules have decided on an event."""
    await bus.until(lambda books: event_id in books.decided, f"{event_id} decided", within=60)


async def fed(bus: Bus, desk: str, ids: RegistryIds | None, *, own: bool = False) -> list[Delivery | Unreadable]:
    """What a desk got so far."""
    async with Feed(bus.options, desk, since=0, own_topic=own, ids=ids) as feed:
        return [item async for item in feed]


async def heads(bus: Bus, *topics: str) -> set[int]:
    """The first byte of every record on some topics."""
    return {record.value[0] async for record in committed(bus.options, topics) if record.value}


def shown(items: list[Delivery | Unreadable]) -> set[str]:
    """The events among what a desk got."""
    return {item.meta.event_id for item in items if isinstance(item, Delivery)}


async def test_both_forms_are_taken_and_delivered(bus: Bus, ids: RegistryIds) -> None:
    """Whether a publisher knows the registry or not. Only a desk's own topic carries its ids; gateways need none."""
    framed, plain = await published(bus, ids), await published(bus, None)
    await decided(bus, framed)
    await decided(bus, plain)
    assert {framed, plain} <= shown(await fed(bus, DESK, ids, own=True))
    assert {framed, plain} <= shown(await fed(bus, AREA_DESK, None))
    without = await fed(bus, DESK, None, own=True)
    assert {item.code for item in without if isinstance(item, Unreadable)} == {RejectCode.SCHEMA_ID_UNRESOLVED}
    assert await heads(bus, OWN_TOPIC) == {0x00, 0xC3}
    assert await heads(bus, "deliver.stockholm") == {0xC3}
    assert await heads(bus, f"desk.{DESK.replace('/', '.')}") == {0x00}


async def test_nothing_that_the_bus_keeps_needs_the_registry(bus: Bus, ids: RegistryIds) -> None:
    """Between intake and delivery all is in single-object encoding, with the body byte for byte as published."""
    event_id = await published(bus, ids)
    await decided(bus, event_id)
    assert await heads(bus, ACCEPTED, ASSESSED, DECISIONS) == {0xC3}
    came = {record.key: record.value async for record in committed(bus.options, (OWN_TOPIC,))}[event_id.encode()]
    kept = {record.value[10:] async for record in committed(bus.options, (ACCEPTED,)) if record.value}
    assert came[0] == 0
    assert came[5:] in kept


async def test_the_same_event_in_the_other_form_is_a_retry(bus: Bus, ids: RegistryIds) -> None:
    """The frame is no part of what is said."""
    body = seizure()
    for known in (ids, None):
        async with Producer(bus.options, origin=DESK, topic=OWN_TOPIC, ids=known) as producer:
            assert (await producer.publish(body)).status == "taken"
    books = await bus.until(lambda books: books.dropped[body["event_id"]] == 1, "the second is dropped", within=60)
    assert books.quarantined[body["event_id"]] == 0


async def test_a_desk_with_its_own_topic_gets_cloudevents(bus: Bus, ids: RegistryIds) -> None:
    """Its tools may know CloudEvents and not us; who reads a gateway's topic knows us."""
    event_id = await published(bus, ids)
    await decided(bus, event_id)
    own = [dict(record.headers) async for record in committed(bus.options, (f"desk.{DESK.replace('/', '.')}",))]
    (headers,) = [found for found in own if found["ce_id"].decode().split(":")[0] == event_id]
    assert headers["ce_type"] == b"se.sambus.delivery.drug_seizure.v1"
    assert headers["content-type"] == b"application/avro"
    known = [record.headers async for record in committed(bus.options, ("deliver.stockholm",))][-1]
    assert [name for name, _ in known] == [COUNT_HEADER]


async def test_the_commands_take_a_registry(bus: Bus, registry: RegistryServer, tmp_path: Path) -> None:
    """``publish`` writes under its ids, ``feed`` reads them; without it a record is told as unreadable, gone is 3."""
    body, file = seizure(), tmp_path / "events.jsonl"
    file.write_text(json.dumps(body, default=str) + "\n", "utf-8")
    publish = ("publish", str(file), "--as", DESK, "--topic", OWN_TOPIC, "--registry")
    feed = ("feed", "--as", DESK, "--own-topic", "--since", "1h", "--json")
    gone = f"http://127.0.0.1:{free_port()}"
    assert (await sambus(bus, *publish, gone))[0] == 3
    assert (await sambus(bus, *publish, registry.url))[0] == 0
    await decided(bus, body["event_id"])
    code, said = await sambus(bus, *feed, "--registry", registry.url)
    assert code == 0
    assert body["event_id"] in said
    assert "SCHEMA_ID_UNRESOLVED" in (await sambus(bus, *feed))[1]
    code, said = await sambus(bus, *feed, "--registry", gone)
    assert code == 3
    assert "cannot be reached" in said


async def sambus(bus: Bus, *arguments: str) -> tuple[int, str]:
    """The exit code of a command, and what it says."""
    done = await asyncio.to_thread(cli, bus.bootstrap, *arguments)
    return done.exit_code, done.output


async def entries(bus: Bus, event_id: str) -> list[Entry]:
    """The quarantine's records of an event that could not be read, found by its key."""
    found = []
    async for record in committed(bus.options, (QUARANTINE,)):
        value = Quarantined.model_validate(CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value)
        if value.key == event_id.encode():
            found.append(Entry(Place(record.partition, record.offset), value))
    return found


async def entry(bus: Bus, event_id: str) -> Entry:
    """The first of them, once it is there."""
    async with asyncio.timeout(60):
        while not (found := await entries(bus, event_id)):
            await asyncio.sleep(0.1)
    return found[0]


async def test_what_is_rejected_can_be_read_and_mended_without_the_registry(bus: Bus, ids: RegistryIds) -> None:
    """What stands in quarantine needs no registry either."""
    event_id = await published(bus, ids, areas=["se.atlantis"])
    found = await entry(bus, event_id)
    assert [problem.code for problem in found.record.problems] == ["AREA_UNKNOWN"]
    assert CODEC.decode(found.record.value).value["areas"] == ["se.atlantis"]


async def raw(bus: Bus, schema_id: int) -> str:
    """The id of a seizure that was sent under some schema id."""
    event = validate("drug_seizure", seizure())
    assert not isinstance(event, tuple)
    value = Codec().encode_confluent("drug_seizure", schema_id, event.model_dump(mode="python"))
    headers = ((ORIGIN_HEADER, DESK.encode()),)
    await publish_raw(bus.options, OWN_TOPIC, [RawRecord(event.event_id.encode(), value, headers)])
    return event.event_id


async def test_an_id_that_the_registry_does_not_have_is_quarantined(bus: Bus) -> None:
    """As an unknown schema, whole."""
    event_id = await raw(bus, 987_654)
    found = await entry(bus, event_id)
    assert [problem.code for problem in found.record.problems] == ["SCHEMA_UNKNOWN"]
    assert id_in(found.record.value) == 987_654


async def test_without_the_registry_what_is_known_goes_on_and_the_rest_waits(
    bus: Bus, ids: RegistryIds, registry: RegistryServer
) -> None:
    """Known ids are not touched; an id never met is told, kept whole, and accepted when it is sent again later.

    The registry is killed: after it, every id still stands for the schema that it was given to.
    """
    before = await registry_at(registry.url).of(shared_names())
    await decided(bus, await published(bus, ids))
    await fed(bus, DESK, ids, own=True)
    stranger = await ids.api.register("se.sambus.event.drug_seizure", _with_other_spaces("drug_seizure"))
    for process in registry.identities():
        os.kill(process.pid, signal.SIGKILL)
    registry.end()
    try:
        known, unknown = await published(bus, ids), await raw(bus, stranger)
        await decided(bus, known)
        assert known in shown(await fed(bus, DESK, ids, own=True))
        found = await entry(bus, unknown)
        assert [problem.code for problem in found.record.problems] == ["SCHEMA_ID_UNRESOLVED"]
        await _told_to_who_knows_nothing(bus, registry)
    finally:
        registry.start()
        registry.wait()
    assert await registry_at(registry.url).of(shared_names()) == {**before, "drug_seizure": stranger}
    await _accepted_when_sent_again(bus, found, unknown)


def _with_other_spaces(name: str) -> str:
    """A text that a registry takes for another version, of the same schema."""
    return json.dumps(load_released()[name][1], indent=3)


async def _told_to_who_knows_nothing(bus: Bus, registry: RegistryServer) -> None:
    """A producer and a feed say so; the feed reads the same records when it is asked again."""
    with pytest.raises(BusUnreachable, match="cannot be reached"):
        await published(bus, registry_at(registry.url))
    async with Feed(bus.options, DESK, since=0, own_topic=True, ids=registry_at(registry.url)) as feed:
        for _ in range(2):
            with pytest.raises(RegistrySilentError):
                await anext(feed)


async def _accepted_when_sent_again(bus: Bus, found: Entry, event_id: str) -> None:
    """The worker asks the registry again after a while; what is sent again before that is told again."""
    async with asyncio.timeout(90):
        while True:
            told = len(await entries(bus, event_id))
            await resend(bus.options, CODEC, [(found, as_it_came(found))], DESK, mended=False)
            while len(await entries(bus, event_id)) == told:
                if event_id in (await bus.books()).decided:
                    return
                await asyncio.sleep(0.1)
