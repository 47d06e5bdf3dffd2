"""Flash alerts reach webhooks and mailboxes, at least once, signed, and say nothing but that there is one."""

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from aiosmtpd.controller import Controller
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consumers.feed import Delivery, Position
from consumers.notify.flash import Flash, flash_of, link_to
from consumers.notify.mail import digest
from consumers.notify.notifier import Notifier, Places
from consumers.notify.targets import Targets, TargetsError, read_targets, secret_of
from consumers.notify.webhook import Patience, Webhook, signature
from consumers.reads import who_read
from deploy.cluster.ports import free_port
from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from tests.consumers.gateway.serving import deliver, until
from tests.consumers.made import AT, delivery_meta, new_id

GAZETTEER = load_gazetteer()
SECRET = b"en hemlighet om minst 24 tecken"
PERSON = "Påhittad Person 19900101-0000"
LINK = "https://gateway.example/larm"
QUICK = Patience(first=0.02, longest=0.1, in_all=20.0)
DESK = "se.syd.malmo/surveillance"
VIEW = {
    "areas": ["se.syd.malmo"],
    "persons": [{"ref": PERSON, "category": "suspect", "fact_or_assessment": "fact"}],
    "payload": {"summary": PERSON},
}
FLASH: dict[str, Any] = {"event_type": "intelligence_report", "priority": 1, "priority_reason": PERSON}


def made(**changes: Any) -> Flash:
    """A flash alert."""
    usual: dict[str, Any] = {
        "delivery_id": f"{new_id()}:1:{DESK}:main",
        "event_type": "substance_alert",
        "areas": ("se.syd.malmo",),
        "published_at": AT,
        "synthetic": True,
    }
    return Flash(**usual | changes)


@dataclass
class Receiver:
    """A webhook's receiver: refuses so often, then takes; checks each signature as a stranger would."""

    refusals: list[int] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[tuple[str, bool]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """One message."""
        body, heads = await request.body(), request.headers
        signed = f"{heads['webhook-id']}.{heads['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(SECRET, signed, "sha256")).decode()
        self.attempts.append((heads["webhook-id"], hmac.compare_digest(expected, heads["webhook-signature"])))
        if self.refusals:
            return Response(status_code=self.refusals.pop(0))
        self.taken.append(orjson.loads(body))
        return Response(status_code=204)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[str]:
    """The receiver on a port."""
    port = free_port()
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        server.should_exit = True
        await serving


class Mailbox:
    """A mail server's handler: refuses so often, then takes."""

    def __init__(self, refusals: int = 0) -> None:
        self.letters: list[bytes] = []
        self._refusals = refusals

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """One letter."""
        if self._refusals:
            self._refusals -= 1
            return "451 try again later"
        self.letters.append(envelope.content)
        return "250 taken"


@asynccontextmanager
async def notifying(bus: str, folder: Path, targets: list[dict[str, Any]], **more: Any) -> AsyncIterator[None]:
    """The notifier, running on a file of targets."""
    (folder / "hook.secret").write_bytes(SECRET)
    said = Targets.model_validate({"link": LINK, "targets": targets} | more)
    notifier = Notifier({"bootstrap_servers": bus}, said, folder, folder / "state.json", GAZETTEER, QUICK)
    running = asyncio.create_task(notifier.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


# What is told


def test_a_flash_holds_codes_alone() -> None:
    """Of a delivery full of names, only what the catalogue and the gazetteer know."""
    view = VIEW | {"areas": ["se.syd.malmo", PERSON]}
    flash = flash_of(Delivery(delivery_meta(DESK, new_id(), **FLASH), view, Position(0, 1)), GAZETTEER)
    assert flash is not None
    assert flash.areas == ("se.syd.malmo",)
    assert PERSON not in repr(flash)
    assert PERSON not in str(flash.body(LINK))
    routine = delivery_meta(DESK, new_id(), **FLASH | {"priority": 2})
    assert flash_of(Delivery(routine, view, Position(0, 1)), GAZETTEER) is None


def test_a_letter_says_how_many_of_what_and_where() -> None:
    """In both languages, marked as an exercise when all of it is; nobody's words in the head."""
    flashes = [made(), made(synthetic=False)]
    letter = digest(
        flashes, to=["vakt@polisen.example"], sender="s@polisen.example", link=LINK, lang="sv", gazetteer=GAZETTEER
    )
    text = letter.get_content()
    assert letter["Subject"] == "Blixtlarm i Sambus: 2 st"
    assert text.count(EVENT_TYPES["substance_alert"].title_sv) == 2
    assert text.count("Polisområde Malmö") == 2
    assert text.count(LINK) == 2
    assert text.count("ÖVNING") == 1
    (one,) = [digest([made()], to=["a@b.example"], sender="s@b.example", link=LINK, lang="en", gazetteer=GAZETTEER)]
    assert one["Subject"].startswith("EXERCISE: Flash alert in Sambus: ")
    assert one["Auto-Submitted"] == "auto-generated"


def test_a_link_names_the_event_and_no_desk() -> None:
    """It opens for whoever may read it."""
    event_id = new_id()
    assert link_to(f"{LINK}/", f"{event_id}:1:{DESK}:main") == f"{LINK}#{event_id}"


# Webhooks


async def test_a_message_is_signed_and_tried_until_it_is_taken() -> None:
    """The same id with every attempt, each signed anew, each failure told."""
    receiver, told = Receiver(refusals=[503, 500, 302]), list[tuple[str, int]]()
    async with receiving(receiver) as url, httpx.AsyncClient() as http:
        hook = Webhook(url, SECRET, http, QUICK, lambda code, attempt: told.append((code, attempt)))
        assert await hook.send("m-1", made().body(LINK))
    assert receiver.attempts == [("m-1", True)] * 4
    assert told == [("HTTP_503", 1), ("HTTP_500", 2), ("HTTP_302", 3)]
    assert len(receiver.taken) == 1


async def test_a_receiver_that_is_not_there_is_given_up_at_some_time() -> None:
    """It holds the others up no longer than that."""
    told: list[str] = []
    async with httpx.AsyncClient() as http:
        patience = Patience(first=0.01, longest=0.02, in_all=0.1)
        hook = Webhook(f"http://127.0.0.1:{free_port()}/", SECRET, http, patience, lambda code, _: told.append(code))
        assert not await hook.send("m-1", {})
    assert set(told) == {"ConnectError"}


def test_a_signature_is_that_of_the_standard() -> None:
    """The example of Standard Webhooks' own libraries."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# The whole way


@pytest.mark.kafka
async def test_alerts_reach_their_targets_through_refusals_and_restarts(bus: str, codec: Codec, tmp_path: Path) -> None:
    """Nothing is left out, also of what came while nobody ran; what is no flash is not told; it is logged."""
    receiver = Receiver(refusals=[500])
    async with receiving(receiver) as url:
        target = {"name": "vakt", "desk": DESK, "webhook": url, "secret_file": "hook.secret"}
        await deliver(bus, codec, DESK, 1, VIEW, **FLASH | {"priority": 3})
        async with notifying(bus, tmp_path, [target]):
            (first,) = await deliver(bus, codec, DESK, 1, VIEW, **FLASH)
            await until(lambda: _async(len(receiver.taken) == 1), "the first alert is told")
        (missed,) = await deliver(bus, codec, DESK, 1, VIEW, **FLASH)
        async with notifying(bus, tmp_path, [target]):
            await until(lambda: _async(len(receiver.taken) == 2), "what was missed is told")
    assert [said["delivery_id"].partition(":")[0] for said in receiver.taken] == [first, missed]
    assert {good for _, good in receiver.attempts} == {True}
    assert PERSON not in str(receiver.taken)
    assert receiver.taken[0]["areas"] == ["se.syd.malmo"]
    (seen,) = await who_read({"bootstrap_servers": bus}, first, codec)
    assert (seen.subject, seen.channel) == ("notify:vakt", "notice")


async def _async(value: bool) -> bool:
    return value


@pytest.mark.kafka
async def test_letters_are_gathered_and_name_nobody(bus: str, codec: Codec, tmp_path: Path) -> None:
    """The first at once, what follows soon in one letter; a server that refuses is tried again."""
    desk, box = "se.syd.malmo/prevention", Mailbox(refusals=1)
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        smtp = {"host": "127.0.0.1", "port": server.port, "sender": "sambus@polisen.example", "starttls": False}
        target = {"name": "post", "desk": desk, "email": ["vakt@polisen.example"], "every": 2, "lang": "en"}
        async with notifying(bus, tmp_path, [target], smtp=smtp):
            await deliver(bus, codec, desk, 1, VIEW, **FLASH)
            await until(lambda: _async(len(box.letters) == 1), "the first letter comes at once")
            await deliver(bus, codec, desk, 3, VIEW, **FLASH)
            await until(lambda: _async(len(box.letters) == 2), "the rest comes together")
    finally:
        server.stop()
    first, second = (message_from_bytes(letter) for letter in box.letters)
    assert first["Subject"].startswith("EXERCISE: Flash alert in Sambus: ")
    assert second["Subject"] == "EXERCISE: Flash alerts in Sambus: 3"
    for letter in (first, second):
        text = letter.get_payload(decode=True)
        assert isinstance(text, bytes)
        assert PERSON not in text.decode()
        assert PERSON not in str(letter.items())


# The file


_ONE = "link: x\ntargets: [{name: a, desk: se/coordination"
_MAIL = "email: [a@b.se]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("link: x\ntargets: []", "/targets"),
        (f"link: x\nsmtp: {{host: h, sender: a@b.se}}\ntargets: [{{name: a, desk: se.x/y, {_MAIL}}}]", "desk"),
        (f"{_ONE}, webhook: 'http://evil.example/'}}]", "https"),
        (f"{_ONE}, webhook: 'https://a.example/'}}]", "secret_file"),
        (f"{_ONE}}}]", "webhook or e-mail"),
        (f"{_ONE}, email: ['a@b.se, c@d.se']}}]", "name@domain"),
        (f"{_ONE}, {_MAIL}}}]", "smtp"),
        (f"{_ONE}, {_MAIL}, colour: red}}]", "colour"),
        (f"{_ONE}, {_MAIL}}}]\nsmtp: {{host: mx.example, sender: a@b.se, starttls: false}}", "starttls"),
        (": {", "YAML"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_repeats_nothing(tmp_path: Path, text: str, says: str) -> None:
    """Plain HTTP to others, no secret, nobody to write to, an unknown key."""
    path = tmp_path / "targets.yaml"
    path.write_text(text)
    with pytest.raises(TargetsError, match=says) as told:
        read_targets(path, GAZETTEER)
    assert "evil.example" not in str(told.value)


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    """It could be guessed."""
    (tmp_path / "hook.secret").write_text("kort")
    said = {"name": "a", "desk": "se/coordination", "webhook": "https://a.example", "secret_file": "hook.secret"}
    (target,) = Targets.model_validate({"link": LINK, "targets": [said]}).targets
    with pytest.raises(TargetsError, match="24 bytes"):
        secret_of(target, tmp_path)
    assert target.every == timedelta(minutes=10)


def test_places_are_whole_also_when_the_writing_breaks_off(tmp_path: Path) -> None:
    """The file that is there is the old one or the new one."""
    path = tmp_path / "state.json"
    Places(path).put("a", 7)
    (tmp_path / "state.new").write_text("{broken")
    assert Places(path).of("a") == 7
    path.write_text("{broken")
    assert Places(path).of("a") is None
