"""What operations see of readers and do for them: numbers, codes and addresses, each act on record; never content."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.gateway.desks import owed_rows
from schemas.codec import Codec
from schemas.duties import Duty, DutyState
from tests.consumers.gateway.serving import Served, deliver, fresh_subject, joined
from tests.consumers.made import Sent, decision, new_id, receiver, write
from tests.consumers.test_feed import fresh_desk

pytestmark = pytest.mark.kafka

OPERATIONS = "se.noa/coordination"
SECRET = "Påhittad hemlighet 4711"
VIEW = {"areas": ["se"], "payload": {"summary": SECRET}}
REPORT = {"event_type": "intelligence_report"}
REASON = "Readers lost their disk (made up)"


def operator(gateway: Served, subject: str | None = None) -> str:
    """A token of somebody of operations, who reads for no desk."""
    return gateway.token(OPERATIONS, subject, roles=["operations"])


async def asked(gateway: Served, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
    """What operations are answered; it must be well."""
    answer = await gateway.ask(token or operator(gateway), method, path, body)
    assert answer.is_success, answer.text
    return answer.json()


async def desk_of(gateway: Served, desk: str) -> dict[str, Any]:
    """A desk as operations see it."""
    told = await asked(gateway, "GET", "/v1/operations/desks")
    (found,) = [each for each in told["desks"] if each["desk"] == desk]
    return dict(found)


async def test_a_desk_is_seen_with_its_readers_and_what_they_have_not_read(
    gateway: Served, bus: str, codec: Codec
) -> None:
    """Nobody reads, then somebody does; a reader that keeps its place is behind by what came since."""
    desk, subject = fresh_desk(), fresh_subject()
    await deliver(bus, codec, desk, 2)
    token = gateway.token(desk, subject)
    subscription = await gateway.subscribed(token)
    async with gateway.wire(token, subscription, since="1h") as wire:
        await wire.next("delivery")
        second = await wire.next("delivery")
        await joined(gateway, desk)
        seen = await desk_of(gateway, desk)
        assert (seen["readers"], seen["held"], seen["area"], seen["subscriptions"]) == (1, 2, "stockholm", 1)
    path = f"/v1/subscriptions/{subscription}/cursor"
    assert (await gateway.ask(token, "PUT", path, {"cursor": second.last_id})).status_code == 204
    assert (await desk_of(gateway, desk))["unread"] == 0
    await deliver(bus, codec, desk, 3)
    async with gateway.wire(token, subscription) as wire:
        await wire.next("delivery")
    seen = await desk_of(gateway, desk)
    assert (seen["unread"], seen["exact"], seen["held"]) == (3, True, 5)
    assert seen["oldest"] is not None


async def test_an_alarm_is_taken_and_handed_back_on_record(gateway: Served) -> None:
    """Whoever watches sees that somebody sees to it, and not who: only whether it is they themselves."""
    mine, other = operator(gateway, fresh_subject()), operator(gateway, fresh_subject())
    alarm = {"code": "LATE", "where": f"made-up.{new_id()}"}
    taken = await asked(gateway, "POST", "/v1/operations/alarms/take", alarm, token=mine)
    assert (taken["kind"], taken["mine"], "subject" in taken) == ("taken", True, False)

    async def sees(token: str) -> list[bool]:
        told = await asked(gateway, "GET", "/v1/operations/acts", token=token)
        return [act["mine"] for act in told["taken"] if act["where"] == alarm["where"]]

    assert (await sees(mine), await sees(other)) == ([True], [False])
    await asked(gateway, "POST", "/v1/operations/alarms/hand-back", alarm, token=other)
    assert await sees(mine) == []
    acts = (await asked(gateway, "GET", "/v1/operations/acts"))["acts"]
    assert [act["kind"] for act in acts if act.get("where") == alarm["where"]] == ["handed_back", "taken"]
    wrong = await gateway.ask(mine, "POST", "/v1/operations/alarms/take", {"code": "NONE_SUCH", "where": "x"})
    assert wrong.status_code == 400


async def test_deliveries_are_made_again_after_a_look(gateway: Served, bus: str, codec: Codec) -> None:
    """The look does nothing; then an open stream gets everything again at once, and one that is away when it comes."""
    desk = fresh_desk()
    here, away = (gateway.token(desk, fresh_subject()) for _ in range(2))
    reading, kept = await gateway.subscribed(here), await gateway.subscribed(away)
    made = await deliver(bus, codec, desk, 3, VIEW, **REPORT)
    async with gateway.wire(here, reading, since="1h") as wire, gateway.wire(away, kept, since="1h") as gone:
        for _ in made:
            last = await gone.next("delivery")
            await wire.next("delivery")
        await gateway.ask(away, "PUT", f"/v1/subscriptions/{kept}/cursor", {"cursor": last.last_id})
        await joined(gateway, desk, 2)
        look = await asked(gateway, "POST", "/v1/operations/redelivery/preview", {"desk": desk, "since": "1h"})
        assert (look["deliveries"], look["by_type"], look["exact"]) == (3, {"intelligence_report": 3}, True)
        assert {each["subscription"]: (each["streams"], each["goes_back"]) for each in look["readers"]} == {
            reading: (1, True),
            kept: (1, True),
        }
        assert SECRET not in str(look)
        done = await asked(
            gateway,
            "POST",
            "/v1/operations/redelivery",
            {
                "desk": desk,
                "since": look["since"],
                "subscriptions": [reading, kept],
                "deliveries": 3,
                "reason": REASON,
            },
        )
        assert (done["deliveries"], done["readers"], done["streams"]) == (3, 2, 2)
        again = [await wire.next("delivery") for _ in made]
        assert [sum(each in event.data for event in again) for each in made] == [1, 1, 1]
        (fresh,) = await deliver(bus, codec, desk)
        assert fresh in (await wire.next("delivery")).data
    async with gateway.wire(away, kept) as back:  # from its committed place, which was set back
        events = [await back.next("delivery") for _ in range(4)]
    assert [each in events[at].data for at, each in enumerate([*made, fresh])] == [True] * 4
    acts = (await asked(gateway, "GET", "/v1/operations/acts"))["acts"]
    (act,) = [each for each in acts if each["act_id"] == done["act"]]
    assert (act["kind"], act["about_desk"], act["count"], act["reason"]) == ("redelivered", desk, 3, REASON)


async def test_what_was_not_looked_at_is_not_made_again(gateway: Served, bus: str, codec: Codec) -> None:
    """Another's subscription, more than there is, no reason, a desk that is none: nothing is done or recorded."""
    desk = fresh_desk()
    subscription = await gateway.subscribed(gateway.token(desk, fresh_subject()))
    elsewhere = await gateway.subscribed(gateway.token(fresh_desk(), fresh_subject()))
    await deliver(bus, codec, desk)
    good = {"desk": desk, "since": "1h", "subscriptions": [subscription], "deliveries": 1, "reason": REASON}
    before = len((await asked(gateway, "GET", "/v1/operations/acts"))["acts"])
    bad: tuple[dict[str, Any], ...] = (
        {"subscriptions": [elsewhere]},
        {"deliveries": 2},
        {"reason": "short"},
        {"since": "yesterday"},
        {"desk": "se.nowhere/intelligence"},
        {"subscriptions": []},
    )
    for wrong in bad:
        answer = await gateway.ask(operator(gateway), "POST", "/v1/operations/redelivery", good | wrong)
        assert answer.status_code in {400, 404}, (wrong, answer.text)
    assert len((await asked(gateway, "GET", "/v1/operations/acts"))["acts"]) == before
    assert (await gateway.ask(operator(gateway), "POST", "/v1/operations/redelivery", good)).status_code == 200


async def test_audit_tells_numbers_and_readers_and_that_somebody_asked(gateway: Served, bus: str, codec: Codec) -> None:
    """What became of an event by rule and level, who read it and for what; each question is an act."""
    desk, subject = fresh_desk(), fresh_subject()
    (event_id,) = await deliver(bus, codec, desk, 1, VIEW, **REPORT)
    line = codec.encode("decision", decision(event_id, [receiver(desk)]).model_dump(mode="python"))
    await write(bus, [Sent("ledger.decisions", event_id, line)])
    token = gateway.token(desk, subject)
    async with gateway.wire(token, await gateway.subscribed(token), since="1h") as wire:
        await wire.next("delivery")
    told = await asked(gateway, "GET", f"/v1/operations/events/{event_id}")
    (found,) = told["decisions"]
    assert (found["operator"]["told"]["desks"], found["own"], found["publisher"]) == (1, [], None)
    assert [reach["rule"] for reach in found["operator"]["told"]["shared"]] == ["S01"]
    reads = (await asked(gateway, "GET", f"/v1/operations/events/{event_id}/reads"))["reads"]
    assert [(read["desk"], read["subject"], read["purpose"], read["channel"]) for read in reads] == [
        (desk, subject, "P1", "stream")
    ]
    acts = (await asked(gateway, "GET", "/v1/operations/acts"))["acts"]
    assert [act["kind"] for act in acts if act.get("event_id") == event_id] == ["reads_searched", "event_searched"]
    assert (await asked(gateway, "GET", f"/v1/operations/events/{new_id()}"))["decisions"] == []


async def test_operations_get_no_content_anywhere(gateway: Served, bus: str, codec: Codec) -> None:
    """Whatever they may ask holds no word of what was delivered, and what desks read they may not ask."""
    desk = fresh_desk()
    (event_id,) = await deliver(bus, codec, desk, 1, VIEW, **REPORT)
    token = gateway.token(desk, fresh_subject())
    subscription = await gateway.subscribed(token, name=SECRET)
    async with gateway.wire(token, subscription, since="1h") as wire:
        assert SECRET in (await wire.next("delivery")).data
        for path in ("desks", "duties", "acts", "readers", "recalls", f"events/{event_id}", f"events/{event_id}/reads"):
            answer = await gateway.ask(operator(gateway), "GET", f"/v1/operations/{path}")
            assert answer.status_code == 200, path
            assert SECRET not in answer.text, path
        body = {"desk": desk, "since": "1h"}
        look = await gateway.ask(operator(gateway), "POST", "/v1/operations/redelivery/preview", body)
        assert SECRET not in look.text
    for path in ("subscriptions", f"subscriptions/{subscription}/cards", f"subscriptions/{subscription}/deliveries"):
        answer = await gateway.ask(operator(gateway), "GET", f"/v1/{path}")
        assert answer.status_code == 403, path


def duty(desk: str, obligation: str, due_at: datetime) -> Duty:
    """What a desk owes, made up."""
    event_id = new_id()
    return Duty(
        duty_id=f"{event_id}:{desk}:main:{obligation}",
        event_id=event_id,
        event_type="flash_alert",
        revision=1,
        delivery_id=f"{event_id}:1:{desk}:main",
        obligation=obligation,
        text="made up",
        owed_by=desk,
        origin="se.noa/intelligence",
        done_by=["acknowledged"],
        each="desk",
        opened_at=due_at - timedelta(hours=1),
        due_at=due_at,
        pack_version="2026.1",
        duty_state=DutyState.OPEN,
    )


def test_what_is_owed_is_counted_by_desk_and_kind_the_late_first() -> None:
    """Late, within half an hour, and open; no event and no text."""
    now = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
    one, two = "se.stockholm/intelligence", "se.syd/intelligence"
    rows = owed_rows(
        [
            duty(one, "acknowledge", now + timedelta(minutes=10)),
            duty(one, "acknowledge", now + timedelta(hours=3)),
            duty(two, "feedback", now - timedelta(seconds=1)),
        ],
        now,
    )
    told = [(row["desk"], row["obligation"], row["open"], row["near"], row["late"]) for row in rows]
    assert told == [(two, "feedback", 1, 0, 1), (one, "acknowledge", 2, 1, 0)]
    assert set(rows[0]) == {"desk", "obligation", "open", "near", "late", "first_due"}
