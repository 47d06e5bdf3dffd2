"""Quarantine over HTTP beside a real Kafka: what each role sees, mending, sending again, dropping, one and many."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from consumers.gateway.quarantine.working import AT_ONCE
from consumers.reads import who_read
from deploy.gateway.quarantine import part
from schemas.codec import Codec
from schemas.problems import Problem, RejectCode
from schemas.records import Quarantined, QuarantinedHeader, QuarantinedProblem
from schemas.topics import GATEWAY_IN, QUARANTINE
from tests.bus import committed
from tests.consumers.made import Sent, create_topics, example, new_id, quarantined, write
from tests.gateway import Running, in_process

pytestmark = pytest.mark.kafka

CODEC = Codec()
#: Desks of this file alone: other tests fill quarantine on the same broker.
OWN = "se.vast.storgoteborg.storgoteborg-hisingen/investigation"
OTHER = "se.syd.malmo.fosie/investigation"
STEWARD = "se.vast/coordination"
PATIENCE = 60.0
NAME = "zippåsar"
SAID = "sambus_origin"

Change = Callable[[dict[str, Any]], None]


class Gateway:
    """The part alone, and what is put into quarantine beside it."""

    def __init__(self, running: Running, kafka: str) -> None:
        self.running, self.kafka = running, kafka

    async def hold(self, origin: str, **changes: Any) -> tuple[str, Quarantined]:
        """Put a seizure of a desk into quarantine and wait until the gateway knows; its place, and the record."""
        record = seizure(origin, **changes)
        value = CODEC.encode("quarantined", record.model_dump(mode="python"))
        ((partition, offset),) = await write(self.kafka, [Sent(QUARANTINE, origin, value)])
        place = f"{partition}:{offset}"
        await self.knows(place)
        return place, record

    async def knows(self, place: str) -> None:
        """Wait until a place is known."""
        async with asyncio.timeout(PATIENCE), self.running.client(OTHER, roles=["operations"]) as client:
            while (await client.get(f"/v1/quarantine/records/{place}")).status_code != httpx.codes.OK:
                await asyncio.sleep(0.05)

    async def ask(self, who: str, role: str, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request of somebody with one role, cleared for what a seizure holds unless told otherwise."""
        async with self.running.client(who, **{"roles": [role], "sensitivity": ["3"]} | more) as client:
            return await client.request(method, f"/v1/quarantine{path}", json=body)

    async def published(self, event_id: str) -> list[Any]:
        """What stands on the gateway's own topic under an id."""
        records = committed({"bootstrap_servers": self.kafka}, [GATEWAY_IN])
        return [record async for record in records if record.key == event_id.encode()]


def seizure(origin: str, code: RejectCode = RejectCode.INTERNAL, pointer: str = "", **changes: Any) -> Quarantined:
    """A seizure in quarantine; a good event unless ``body`` spoils it."""
    change: Change = changes.pop("body", lambda _: None)
    event = example("drug_seizure").model_copy(update={"event_id": new_id(), "origin_unit": None})
    values = event.model_dump(mode="python")
    values["provenance"]["root_ids"] = [event.event_id]
    change(values)
    found = Problem(code, pointer)
    told = QuarantinedProblem(code=code, pointer=pointer, remedy_sv=found.remedy_sv, remedy_en=found.remedy_en)
    headers = [
        QuarantinedHeader(name="sambus_origin", value=origin.encode()),
        QuarantinedHeader(name="ce_id", value=event.event_id.encode()),
        QuarantinedHeader(name="unknown", value=b"not to be passed on"),
    ]
    made = {"problems": [told], "headers": headers} | changes
    return quarantined(origin, event.event_id, CODEC.encode("drug_seizure", values), **made)


@asynccontextmanager
async def standing(kafka: str, folder: Path) -> AsyncIterator[Gateway]:
    """A gateway that has read what is there."""
    await create_topics(kafka)
    async with in_process({"bootstrap_servers": kafka}, folder, lambda context: [part(context)]) as running:
        gateway = Gateway(running, kafka)
        async with asyncio.timeout(PATIENCE):
            while (await gateway.ask(OWN, "publisher", "GET", "")).status_code != httpx.codes.OK:
                await asyncio.sleep(0.05)
        yield gateway


def unknown_area(values: dict[str, Any]) -> None:
    """Spoil an event in a way that mending its areas heals."""
    values["areas"] = ["se.atlantis"]


async def test_each_role_sees_what_is_its_own_to_see(kafka: str, tmp_path: Path) -> None:
    """The publisher its own desk's; a steward those below it; operations all, with no content; others nothing."""
    async with standing(kafka, tmp_path) as gateway:
        place, record = await gateway.hold(OWN)
        path = f"/records/{place}"
        seen = {
            (who, role): (await gateway.ask(who, role, "GET", path)).status_code
            for who, role in (
                (OWN, "publisher"),
                (OTHER, "publisher"),
                (STEWARD, "steward"),
                ("se.syd/coordination", "steward"),
                (OTHER, "operations"),
                (OWN, "reader"),
            )
        }
        assert list(seen.values()) == [200, 404, 200, 404, 200, 403]
        listed = (await gateway.ask(OTHER, "operations", "GET", "?limit=1000")).json()["items"]
        (mine,) = [line for line in listed if line["place"] == place]
        assert (mine["origin"], mine["event_id"], mine["may"]) == (OWN, record.event_id, ["retry"])
        assert NAME not in json.dumps(listed)
        theirs = (await gateway.ask(OTHER, "publisher", "GET", "?limit=1000")).json()["items"]
        assert place not in {line["place"] for line in theirs}


async def test_content_is_shown_on_record_and_to_the_cleared_alone(kafka: str, tmp_path: Path) -> None:
    """The read log says who saw which event before it is shown; nothing is written for who is refused."""
    async with standing(kafka, tmp_path) as gateway:
        place, record = await gateway.hold(OWN)
        path = f"/records/{place}?content=true"
        refused = [
            await gateway.ask(OTHER, "operations", "GET", path),
            await gateway.ask(STEWARD, "steward", "GET", path, sensitivity=["0"]),
        ]
        assert [answer.status_code for answer in refused] == [403, 403]
        assert not any(NAME in answer.text for answer in refused)
        options = {"bootstrap_servers": kafka}
        assert await who_read(options, str(record.event_id), CODEC) == []
        for who, role in ((OWN, "publisher"), (STEWARD, "steward")):
            shown = await gateway.ask(who, role, "GET", path)
            assert shown.status_code == httpx.codes.OK
            assert shown.json()["content"]["event_id"] == record.event_id
            assert NAME in shown.text
        readers = await who_read(options, str(record.event_id), CODEC)
        assert [(each.desk, each.channel) for each in readers] == [(OWN, "quarantine"), (STEWARD, "quarantine")]


async def test_a_record_is_mended_by_pointers_and_keeps_its_identity(kafka: str, tmp_path: Path) -> None:
    """What is still wrong is told and not sent; what is right is sent once, and says what it takes the place of."""
    async with standing(kafka, tmp_path) as gateway:
        place, record = await gateway.hold(OWN, code=RejectCode.AREA_UNKNOWN, pointer="/areas/0", body=unknown_area)
        path = f"/records/{place}/mend"
        still = await gateway.ask(OWN, "publisher", "POST", path, {"set": {"/areas/0": "se.nowhere"}})
        moved = await gateway.ask(OWN, "publisher", "POST", path, {"set": {"/revision": 2, "/areas/0": "se.vast"}})
        other = await gateway.ask(OWN, "publisher", "POST", path, {"set": {"/event_id": new_id()}})
        for answer, fault in (
            (still, ("AREA_UNKNOWN", "/areas/0")),
            (moved, ("FIELD_INVALID", "/revision")),
            (other, ("FIELD_INVALID", "/event_id")),
        ):
            assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
            assert fault in {(error["code"], error["pointer"]) for error in answer.json()["errors"]}
        wish = {"set": {"/areas/0": "se.vast.storgoteborg.storgoteborg-hisingen"}}
        tried = await gateway.ask(OWN, "publisher", "POST", path, wish | {"preview": True})
        assert tried.json() == {"place": place, "sent": None}
        assert await gateway.published(str(record.event_id)) == []
        done = await gateway.ask(STEWARD, "steward", "POST", path, wish)
        assert done.status_code == httpx.codes.OK
        (sent,) = await gateway.published(str(record.event_id))
        assert CODEC.decode(sent.value).value["areas"] == ["se.vast.storgoteborg.storgoteborg-hisingen"]
        headers = dict(sent.headers)
        assert (headers["sambus_origin"], headers["sambus_again"]) == (OWN.encode(), place.encode())
        assert "unknown" not in headers
        line = (await gateway.ask(OWN, "publisher", "GET", f"/records/{place}")).json()
        assert (line["state"], line["may"]) == ("retried", ["show"])
        assert {name: line["retried"][name] for name in ("by", "steward", "mended", "to")} == {
            "by": OWN,
            "steward": STEWARD,
            "mended": True,
            "to": done.json()["sent"],
        }
        again = await gateway.ask(OWN, "publisher", "POST", path, wish)
        assert (again.status_code, again.json()["code"]) == (409, "NOT_WAITING")


async def test_a_work_in_bulk_is_previewed_bounded_and_taken_up_again(kafka: str, tmp_path: Path) -> None:
    """It does no more than was previewed, goes on behind where it stopped, and never sends the same record twice."""
    desk = "se.vast.storgoteborg.storgoteborg-city/investigation"
    async with standing(kafka, tmp_path) as gateway:
        bad = seizure(desk, body=unknown_area)
        good = [seizure(desk) for _ in range(AT_ONCE + 5)]
        values = [CODEC.encode("quarantined", each.model_dump(mode="python")) for each in (bad, *good)]
        places = await write(kafka, [Sent(QUARANTINE, desk, value) for value in values])
        await gateway.knows("{}:{}".format(*places[-1]))
        ask = {"select": {"origin": desk, "cause": "INTERNAL"}}
        first = (await gateway.ask(desk, "publisher", "POST", "/retry", ask | {"preview": True})).json()
        assert (first["count"], first["by_cause"], first["not_possible"]) == (len(values), {"INTERNAL": len(values)}, 0)
        late, _ = await gateway.hold(desk)
        unbounded = await gateway.ask(desk, "publisher", "POST", "/retry", ask | {"preview": False})
        assert unbounded.status_code == httpx.codes.BAD_REQUEST
        wish: dict[str, Any] = {"select": {**ask["select"], "until": first["until"]}, "preview": False}
        told = (await gateway.ask(desk, "publisher", "POST", "/retry", wish)).json()
        assert (told["done"], told["refused"], told["by_code"]) == (AT_ONCE - 1, 1, {"AREA_UNKNOWN": 1})
        rest = (await gateway.ask(desk, "publisher", "POST", "/retry", wish | {"after": told["next"]})).json()
        assert (rest["done"], rest["refused"], rest["left"], rest["next"]) == (6, 0, 0, None)
        everything = (await gateway.ask(desk, "publisher", "POST", "/retry", wish)).json()
        assert (everything["done"], everything["refused"], everything["left"]) == (0, 1, 0)
        records = [record async for record in committed({"bootstrap_servers": kafka}, [GATEWAY_IN])]
        mine = [str(each.key, "ascii") for each in records if (SAID, desk.encode()) in each.headers]
        assert sorted(mine) == sorted(str(each.event_id) for each in good)
        waiting = (await gateway.ask(desk, "publisher", "GET", "")).json()
        assert {line["place"] for line in waiting["items"]} == {"{}:{}".format(*places[0]), late}


async def test_many_are_dropped_with_one_reason(kafka: str, tmp_path: Path) -> None:
    """By their desk; operations cannot drop what is a desk's."""
    desk = "se.vast.storgoteborg.storgoteborg-syd/investigation"
    async with standing(kafka, tmp_path) as gateway:
        held = [await gateway.hold(desk) for _ in range(3)]
        groups = (await gateway.ask(desk, "publisher", "GET", f"/groups?by=cause&origin={desk}")).json()
        assert [(group["key"], group["count"]) for group in groups["groups"]] == [("INTERNAL", 3)]
        wish = {"select": {"origin": desk}, "reason": "Prov", "preview": True}
        none = (await gateway.ask(OTHER, "operations", "POST", "/drop", wish)).json()
        assert (none["count"], none["not_possible"]) == (0, 3)
        seen = (await gateway.ask(desk, "publisher", "POST", "/drop", wish)).json()
        wish["select"]["until"] = seen["until"]  # type: ignore[index]
        done = (await gateway.ask(desk, "publisher", "POST", "/drop", wish | {"preview": False})).json()
        assert (done["done"], done["left"]) == (3, 0)
        line = (await gateway.ask(desk, "publisher", "GET", f"/records/{held[0][0]}")).json()
        assert (line["state"], line["dropped"]["reason"], line["dropped"]["by"]) == ("dropped", "Prov", desk)
        refused = await gateway.ask(desk, "publisher", "POST", f"/records/{held[0][0]}/retry", {})
        assert refused.status_code == httpx.codes.CONFLICT


@pytest.mark.parametrize(
    "path", ["/records/x", "/records/9:99999", "/records/0:1:2", "?after=7:7", "?limit=0", "?state=none", "?since=yes"]
)
async def test_what_is_not_there_or_not_right_is_told(kafka: str, tmp_path: Path, path: str) -> None:
    """404 or 400, as a problem."""
    async with standing(kafka, tmp_path) as gateway:
        answer = await gateway.ask(OWN, "publisher", "GET", path)
        assert answer.status_code in {400, 404}
        assert answer.headers["content-type"] == "application/problem+json"
