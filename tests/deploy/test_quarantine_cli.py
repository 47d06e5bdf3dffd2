"""``sambus quarantine``: everybody sees that and why, the publisher sees what, and can send it again."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.quarantine import entries
from schemas.codec import Codec
from schemas.records import Quarantined
from schemas.topics import QUARANTINE
from tests.consumers.made import JARVA, PUBLISHER, Sent, example, new_id, quarantined
from tests.deploy.cli_bus import prepare, sambus

pytestmark = pytest.mark.kafka
CODEC = Codec()


def hold(kafka: str, record: Quarantined) -> str:
    """Put a record into quarantine; gives its place."""
    value = CODEC.encode("quarantined", record.model_dump(mode="python"))
    ((partition, offset),) = prepare(kafka, [Sent(QUARANTINE, record.origin or "", value)])
    return f"{partition}:{offset}"


def seizure(origin: str = PUBLISHER, **changes: object) -> tuple[str, Quarantined]:
    """A quarantined seizure of the publisher's, and its id."""
    event = example("drug_seizure").model_copy(update={"event_id": new_id()})
    value = CODEC.encode("drug_seizure", event.model_dump(mode="python"))
    return event.event_id, quarantined(origin, event.event_id, value, **changes)


def record_at(kafka: str, place: str) -> ConsumerRecord:
    """What stands at ``topic:partition:offset``."""
    topic, partition, offset = place.rsplit(":", 2)

    async def work() -> ConsumerRecord:
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
        await consumer.start()
        try:
            where = TopicPartition(topic, int(partition))
            consumer.assign([where])
            consumer.seek(where, int(offset))
            return await consumer.getone(where)
        finally:
            await consumer.stop()

    return asyncio.run(work())


def test_the_list_counts_by_code_and_origin_and_holds_no_content(kafka: str) -> None:
    """All of it, or only one desk's."""
    event_id, record = seizure()
    place = hold(kafka, record)
    foreign = hold(kafka, quarantined(JARVA, new_id(), b"Kalle Karlsson"))
    everything = sambus(kafka, "quarantine", "list")
    assert everything.exit_code == 0
    for words in (place, foreign, "AREA_UNKNOWN /areas/0", PUBLISHER, "in quarantine"):
        assert words in everything.stdout
    assert "Kalle" not in everything.stdout
    own = sambus(kafka, "quarantine", "list", "--as", PUBLISHER, "--json")
    lines = [json.loads(line) for line in own.stdout.splitlines()]
    assert {line["origin"] for line in lines} == {PUBLISHER}
    assert [line["place"] for line in lines if line["event_id"] == event_id] == [place]


def test_content_is_shown_to_the_publishers_desk_only(kafka: str) -> None:
    """By place or id; problems and remedies to both."""
    event_id, record = seizure()
    place = hold(kafka, record)
    own = sambus(kafka, "quarantine", "show", event_id, "--as", PUBLISHER, "--lang", "sv")
    other = sambus(kafka, "quarantine", "show", place, "--as", JARVA, "--lang", "sv")
    for result in (own, other):
        assert result.exit_code == 0
        assert "AREA_UNKNOWN /areas/0: Områdeskoden finns inte" in result.stdout
    assert "zippåsar" in own.stdout
    assert "zippåsar" not in other.stdout
    assert "Innehållet visas bara" in other.stdout


def test_a_record_that_is_not_there_is_exit_1(kafka: str) -> None:
    """With where to look."""
    prepare(kafka)
    result = sambus(kafka, "quarantine", "show", "0:999999")
    assert result.exit_code == 1
    assert "quarantine list" in result.stderr


def test_a_retry_publishes_the_same_bytes_again(kafka: str) -> None:
    """Same topic, key, value and headers, and one more: which place in quarantine it had."""
    event_id, record = seizure()
    place = hold(kafka, record)
    result = sambus(kafka, "quarantine", "retry", event_id, "--as", PUBLISHER)
    assert result.exit_code == 0
    sent = record_at(kafka, result.stdout.split()[-1])
    assert (sent.topic, sent.key, sent.value) == ("in.gateway", event_id.encode(), record.value)
    assert dict(sent.headers) == {"sambus_origin": PUBLISHER.encode(), "sambus_again": place.encode()}


def test_a_mended_retry_keeps_the_id_and_a_bad_mend_publishes_nothing(kafka: str, tmp_path: Path) -> None:
    """The problems of a bad one are told with their remedies."""
    event_id, record = seizure()
    hold(kafka, record)
    body = json.loads(example("drug_seizure").model_dump_json(exclude_none=True)) | {"event_id": event_id}
    mend = tmp_path / "mended.json"
    mend.write_text(json.dumps(body | {"sensitivity": 9}))
    bad = sambus(kafka, "quarantine", "retry", event_id, "--as", PUBLISHER, "--mend", str(mend))
    assert bad.exit_code == 1
    assert "FIELD_INVALID /sensitivity" in bad.stderr
    mend.write_text(json.dumps(body | {"sensitivity": 3}))
    good = sambus(kafka, "quarantine", "retry", event_id, "--as", PUBLISHER, "--mend", str(mend))
    assert good.exit_code == 0
    sent = record_at(kafka, good.stdout.split()[-1])
    decoded = CODEC.decode(sent.value).value
    assert (sent.key, decoded["event_id"], decoded["sensitivity"]) == (event_id.encode(), event_id, 3)


def test_only_the_publisher_retries(kafka: str) -> None:
    """Anybody else would publish in its name."""
    event_id, record = seizure()
    hold(kafka, record)
    assert sambus(kafka, "quarantine", "retry", event_id, "--as", JARVA).exit_code == 1


def test_a_dropped_record_is_listed_no_more_and_the_books_still_hold_it(kafka: str) -> None:
    """Who, when and why are kept; nothing is taken from quarantine, so what was published has the end that it had."""
    event_id, record = seizure()
    place = hold(kafka, record)
    before = in_quarantine(kafka)
    result = sambus(kafka, "quarantine", "drop", place, "--as", PUBLISHER, "--reason", "Provmeddelande", "--lang", "sv")
    assert (result.exit_code, result.stdout.strip()) == (0, f"Avskriven: {place}")
    waiting = listed(kafka, "--as", PUBLISHER)
    assert place not in {line["place"] for line in waiting}
    (gone,) = [line for line in listed(kafka, "--as", PUBLISHER, "--dropped") if line["place"] == place]
    assert (gone["event_id"], gone["dropped"]["by"], gone["dropped"]["reason"]) == (
        event_id,
        PUBLISHER,
        "Provmeddelande",
    )
    assert in_quarantine(kafka) == before
    counted = sambus(kafka, "quarantine", "list", "--as", PUBLISHER, "--lang", "en")
    assert "dropped, see --dropped" in counted.stdout
    one = sambus(kafka, "quarantine", "show", place, "--as", PUBLISHER, "--lang", "en")
    assert f"{PUBLISHER}: Provmeddelande" in " ".join(one.stdout.split())


def test_what_was_dropped_is_neither_retried_nor_dropped_again(kafka: str) -> None:
    """Whoever changes his mind publishes the event anew."""
    _, record = seizure()
    place = hold(kafka, record)
    drop = ("quarantine", "drop", place, "--as", PUBLISHER, "--reason", "Dubblett")
    assert sambus(kafka, *drop).exit_code == 0
    for again in (drop, ("quarantine", "retry", place, "--as", PUBLISHER)):
        refused = sambus(kafka, *again)
        assert refused.exit_code == 1
        assert f"by {PUBLISHER}: Dubblett" in refused.stderr


def test_only_the_publisher_drops_and_operations_what_nobody_was_proven_to_publish(kafka: str) -> None:
    """Else an event of another's could be made to disappear from its list."""
    _, record = seizure()
    own, unproven = hold(kafka, record), hold(kafka, quarantined(None, new_id(), b"x"))
    for place, who in ((own, JARVA), (own, "operations"), (unproven, PUBLISHER)):
        refused = sambus(kafka, "quarantine", "drop", place, "--as", who, "--reason", "Skräp")
        assert refused.exit_code == 1
        assert "can drop it" in refused.stderr
    assert {own, unproven} <= {line["place"] for line in listed(kafka)}
    assert sambus(kafka, "quarantine", "drop", unproven, "--as", "operations", "--reason", "Skräp").exit_code == 0
    assert unproven not in {line["place"] for line in listed(kafka)}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_drop_needs_a_reason_of_a_sentence(reason: str) -> None:
    """Refused before the bus is asked."""
    result = sambus("127.0.0.1:1", "quarantine", "drop", "0:1", "--as", JARVA, "--reason", reason)
    assert result.exit_code == 2


def test_records_are_put_together_by_cause_and_worked_on_together(kafka: str) -> None:
    """A preview tells how many of what; after that they wait no more, and calling it again does nothing."""
    desk = "se.ost.jonkoping/investigation"
    ids = []
    for _ in range(3):
        event_id, record = seizure(origin=desk)
        hold(kafka, record)
        ids.append(event_id)
    chosen = ("--origin", desk, "--cause", "AREA_UNKNOWN")
    (group,) = groups(kafka, *chosen)
    assert (group["key"], group["count"], len(group["examples"])) == ("AREA_UNKNOWN /areas/*", 3, 3)
    asked = sambus(kafka, "quarantine", "retry", "--all", "--as", desk, *chosen)
    assert "3 AREA_UNKNOWN /areas/*" in asked.stderr
    assert asked.exit_code != 0  # nobody said yes
    assert len(listed(kafka, "--origin", desk)) == 3
    done = sambus(kafka, "quarantine", "retry", "--all", "--as", desk, *chosen, "--yes")
    assert (done.exit_code, done.stdout.strip()) == (0, "3 published again")
    assert listed(kafka, "--origin", desk) == []
    retried = listed(kafka, "--origin", desk, "--retried")
    assert {line["event_id"] for line in retried} == set(ids)
    assert {line["retried"]["by"] for line in retried} == {desk}
    again = sambus(kafka, "quarantine", "retry", "--all", "--as", desk, *chosen, "--yes")
    assert (again.exit_code, again.stdout.strip()) == (0, "")


def test_a_field_is_mended_by_its_pointer_and_checked_first(kafka: str) -> None:
    """What is still wrong is told; a dry run sends nothing; the rest of the event is as it was."""
    event_id, record = seizure()
    hold(kafka, record)
    mend = ("quarantine", "mend", event_id, "--as", PUBLISHER)
    wrong = sambus(kafka, *mend, "--set", '/areas=["se.atlantis"]')
    assert (wrong.exit_code, "AREA_UNKNOWN /areas/0" in wrong.stderr) == (1, True)
    lost = sambus(kafka, *mend, "--set", "/nowhere/x=1")
    assert (lost.exit_code, "/nowhere/x" in lost.stderr) == (1, True)
    good = ("--set", "/sensitivity=3")
    assert sambus(kafka, *mend, *good, "--dry-run").exit_code == 0
    assert [line for line in listed(kafka) if line["event_id"] == event_id]
    sent = sambus(kafka, *mend, *good)
    assert sent.exit_code == 0, sent.output
    decoded = CODEC.decode(record_at(kafka, sent.stdout.split()[-1]).value).value
    assert (decoded["event_id"], decoded["sensitivity"]) == (event_id, 3)
    assert sambus(kafka, *mend, *good).exit_code == 1  # it waits no more


@pytest.mark.parametrize(
    "words", [["retry", "--as", JARVA], ["retry", "0:1", "--all", "--as", JARVA], ["mend", "0:1", "--as", JARVA]]
)
def test_one_record_or_many_and_what_to_correct_must_be_plain(words: list[str]) -> None:
    """Refused before the bus is asked."""
    assert sambus("127.0.0.1:1", "quarantine", *words).exit_code == 2


def groups(kafka: str, *options: str) -> list[dict[str, Any]]:
    """What the list shows by cause."""
    result = sambus(kafka, "quarantine", "list", "--by", "cause", "--json", *options)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def listed(kafka: str, *options: str) -> list[dict[str, Any]]:
    """What the list shows."""
    result = sambus(kafka, "quarantine", "list", "--json", *options)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def in_quarantine(kafka: str) -> Counter[str]:
    """What the books count: every record that stands in quarantine, by where it was published."""
    found = asyncio.run(entries({"bootstrap_servers": kafka}, CODEC))
    return Counter(f"{e.record.topic}:{e.record.partition}:{e.record.offset}:{e.place}" for e in found)


def test_an_unreachable_bus_is_exit_3() -> None:
    """For every one of them."""
    drop = ["drop", "0:1", "--as", JARVA, "--reason", "Prov"]
    for command in (["list"], ["show", "0:1"], ["retry", "0:1", "--as", JARVA], drop):
        assert sambus("127.0.0.1:1", "quarantine", *command).exit_code == 3
