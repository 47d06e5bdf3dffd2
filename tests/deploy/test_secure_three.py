"""``sambus up --secure --brokers 3``: all is kept three times behind TLS, and one broker's death stops nothing."""

import signal
import ssl
from datetime import date
from pathlib import Path

import orjson
import pytest

from deploy.access import ADMIN
from deploy.administrator import administrator
from deploy.cluster.keep import Keep
from deploy.cluster.ports import free_port
from deploy.cluster.secured import Secured
from deploy.cluster.settings import CONTROLLER_OFFSET, INNER_OFFSET, Layout
from deploy.demo.making import Made, Maker, all_made
from deploy.demo.story import story
from schemas.topics import GATEWAY_IN
from tests.deploy.cluster_helpers import Command, as_user, until
from tests.deploy.cluster_helpers import home as home  # noqa: PLC0414 - a fixture
from tests.secure import spoken

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(600),  # many commands, one after the other
    # aiokafka lets go of its first connection without waiting for TLS to say goodbye; a loop that ends then is early.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

BROKERS = 3
USERS = ("worker", "gateway.all", "archiver.all", "operations", "monitor", "rule_owner", "dry_run")
#: Three brokers, ACLs on each and a worker take longer to come up than one.
COMING_UP = 150.0


async def test_three_secured_brokers_serve_who_may_refuse_who_may_not_and_live_without_one_of_them(
    home: Path, tmp_path: Path
) -> None:
    """Each listener of each broker, each user's right on the whole, and a broker that is killed in between."""
    port, secured = free_port(), Secured(home, USERS)
    first, second = [made for made in all_made(story(), Maker(date(2026, 11, 28))) if made.telling.wrong is None][:2]
    arguments = ("--secure", "--brokers", str(BROKERS), "--port", str(port))
    with Command.sambus("up", *arguments, home=home) as up:
        up.hear("1 worker(s) read", within=COMING_UP)
        up.hear("Ctrl-C stops everything")
        for node in Layout(BROKERS, port).nodes():
            _every_listener_is_secured(secured, port + node - 1)
        assert await _copies(secured) == {BROKERS}
        _publish_and_read(secured, first, tmp_path)
        _others_are_refused(secured, first, tmp_path)
        _kill_a_broker(home)
        up.hear("broker 2 ended")
        # Until Kafka itself misses the broker, a command may choose it and end with 3: it is given again.
        until(lambda: _is_published(secured, second, tmp_path), "the bus takes an event without broker 2")
        assert second.event_id in _ends_as(secured, "gateway.all", 0, "feed", "--as", second.desk, "--json")
        up.hear("broker 2 runs again")
        up.send(signal.SIGINT)
        assert up.end() == 0, up.said()


def _every_listener_is_secured(secured: Secured, port: int) -> None:
    """Clients, controllers and brokers among each other: TLS 1.3, and the last two with a certificate of theirs."""
    assert spoken(secured.authority, port) == "TLSv1.3"
    for each in (port, port + CONTROLLER_OFFSET, port + INNER_OFFSET):
        with pytest.raises(ssl.SSLError, match=r"(?i)version"):
            spoken(secured.authority, each, newest=False)
    for inner in (port + CONTROLLER_OFFSET, port + INNER_OFFSET):
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required"):
            spoken(secured.authority, inner)


async def _copies(secured: Secured) -> set[int]:
    """How many brokers hold each partition of the intake in step: copied over the way of the brokers."""
    async with administrator(secured.options(ADMIN), "test") as admin:
        (told,) = await admin.describe_topics([GATEWAY_IN])
    return {len(partition["isr"]) for partition in told["partitions"]}


def _publish_and_read(secured: Secured, made: Made, folder: Path) -> None:
    """As the gateway's user: taken, decided, and in its own desk's feed."""
    assert _is_published(secured, made, folder)
    assert made.event_id in _ends_as(secured, "gateway.all", 0, "feed", "--as", made.desk, "--json")


def _is_published(secured: Secured, made: Made, folder: Path) -> bool:
    """Whether the bus took an event and said what became of it; given again, the event is the same."""
    words = ("publish", _written(made, folder), "--as", made.desk, "--json", "--follow")
    code, said = as_user(secured, "gateway.all", *words)
    assert code in {0, 3}, said
    return code == 0


def _others_are_refused(secured: Secured, made: Made, folder: Path) -> None:
    """A user without the right, one with another's password, and somebody without a user."""
    publish = ("publish", _written(made, folder), "--as", made.desk)
    said = _ends_as(secured, "archiver.all", 3, *publish)
    assert "does not let this user write" in said
    said = _ends_as(secured, "worker", 1, "feed", "--as", made.desk)
    assert "This user may not read " in said
    said = _ends_as(secured, "gateway.all", 3, *publish, SAMBUS_SASL_PASSWORD="another")
    assert "refuses the user gateway.all" in said
    said = _ends_as(secured, "gateway.all", 3, *publish, SAMBUS_SECURITY_PROTOCOL="PLAINTEXT")
    assert "breaks off when it is spoken to as PLAINTEXT" in said


def _kill_a_broker(home: Path) -> None:
    """Kill -9: the guard is a process of its own, so the last is the broker."""
    state = Keep(home, "up").state()
    assert state is not None
    broker = state.processes["broker 2"][-1].process()
    assert broker is not None
    broker.kill()
    broker.wait(30)


def _written(made: Made, folder: Path) -> str:
    path = folder / f"{made.event_id}.jsonl"
    path.write_bytes(orjson.dumps(made.body))
    return str(path)


def _ends_as(secured: Secured, user: str, expected: int, *arguments: str, **variables: str) -> str:
    """What a command says as a user of the bus, after it has ended with the exit code that it should."""
    code, said = as_user(secured, user, *arguments, **variables)
    assert code == expected, said
    return said
