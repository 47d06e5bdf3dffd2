"""A real secured Kafka: everyone may do exactly what the catalogue says, and who is nobody is told why."""

import json
import os
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from click.testing import CliRunner, Result

from deploy import acls
from deploy.access import ADMIN, Acl, Operation, Resource
from deploy.acls import Action
from deploy.administrator import administrator
from deploy.cli.main import main
from deploy.cluster.ports import free_port
from deploy.cluster.settings import CONTROLLER_OFFSET, INNER_OFFSET
from deploy.demo.making import Maker, all_made
from deploy.demo.story import story
from schemas.topics import MONITOR, Topic
from tests.secure import STRANGER, SecureBus, secure_bus, spoken

pytestmark = [
    pytest.mark.kafka,
    # aiokafka lets go of its first connection without waiting for TLS to say goodbye; a loop that ends then is early.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

UNIT, DESK = "se.syd.malmo", "se.syd/it_crime"
READ, WRITE, DESCRIBE = "read", "write", "describe"
NOT_ALLOWED, NOT_ALLOWED_ID, NOT_ALLOWED_GROUP = 29, 53, 30
#: The error "unknown topic": Kafka does not tell a reader without any right whether a topic is there.
Matrix = set[tuple[str, str, str]]


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBus]:
    """A secured cluster with a unit and a desk that have Kafka access of their own."""
    with secure_bus(tmp_path_factory.mktemp("secure"), [UNIT], [DESK]) as running:
        yield running


# --- the matrix ------------------------------------------------------------------------------------------------------


def expected(user: str, topic: Topic) -> set[str]:
    """What the catalogue lets a user do on a topic, said once more and in another way than the code does."""
    role, _, rest = user.partition(".")
    names = {"unit": {rest}, "desk": {DESK} if user == "desk.se.syd.it_crime" else set()}.get(
        role, {role, f"{role}:{rest}"}
    )
    found = {READ} if names & set(topic.readers) else set()
    found |= {WRITE} if names & set(topic.writers) else set()
    return found | ({DESCRIBE} if found or user == MONITOR else set())


def record() -> bytes:
    """One small record as a produce request carries it."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1000)
    builder.append(0, timestamp=int(time.time() * 1000), key=b"key", value=b"value", headers=[])
    return bytes(builder.build())


async def tried(bus: SecureBus, user: str) -> Matrix:
    """Describe, write and read every topic as a user; what Kafka let it do."""
    names = [topic.name for topic in bus.topics]
    client = AIOKafkaClient(**bus.options(user))
    await client.bootstrap()
    try:
        node = client.get_random_node()
        told = await client.send(node, MetadataRequest(names, allow_auto_topic_creation=False))
        codes: dict[str, dict[str, int]] = {DESCRIBE: {name: code for code, name, *_ in told.topics}}
        written = await client.send(node, ProduceRequest(None, 1, 5000, [(name, [(0, record())]) for name in names]))
        codes[WRITE] = {name: places[0][1] for name, places in written.topics}
        fetching = [(name, [(0, 0, 1024)]) for name in names]
        fetched = await client.send(node, FetchRequest(0, 0, 1 << 20, 0, fetching))
        codes[READ] = {name: places[0][1] for name, places in fetched.topics}
    finally:
        await client.close()
    assert {code for each in codes.values() for code in each.values()} <= {0, NOT_ALLOWED}
    assert {operation: set(each) for operation, each in codes.items()} == {key: set(names) for key in codes}
    return {(user, name, operation) for operation, each in codes.items() for name, code in each.items() if code == 0}


async def test_every_user_may_do_on_every_topic_what_the_catalogue_says_and_nothing_else(bus: SecureBus) -> None:
    """Every user x topic x read, write, describe is tried on the broker, with a user that nobody gave any right."""
    others = [user for user in bus.secured.users if user != ADMIN]
    assert {STRANGER, "worker", "gateway.syd", "archiver.syd", f"unit.{UNIT}", "desk.se.syd.it_crime"} < set(others)
    allowed: Matrix = set()
    for user in others:
        allowed |= await tried(bus, user)
    assert allowed == {
        (user, topic.name, operation) for user in others for topic in bus.topics for operation in expected(user, topic)
    }
    assert len(others) * len(bus.topics) * 3 > 2_000  # the catalogue is there, and so are its users


async def test_only_a_worker_may_take_a_workers_transactional_id(bus: SecureBus) -> None:
    """Whoever could would fence its lane; also an id that only begins like one is refused to everybody else."""
    for user in (user for user in bus.secured.users if user != ADMIN):
        client = AIOKafkaClient(**bus.options(user))
        await client.bootstrap()
        try:
            for name in ("sambus-0", "sambus-other", "sambus"):
                answer = await client.send(client.get_random_node(), InitProducerIdRequest(name, 1000))
                mine = user == "worker" and name != "sambus"
                assert (answer.error_code == NOT_ALLOWED_ID) == (not mine), (user, name)
        finally:
            await client.close()


def test_a_broker_speaks_tls_1_3_and_lets_nobody_in_by_the_way_of_the_brokers(bus: SecureBus) -> None:
    """Nothing older; and those who ask for no password ask for a certificate, which nobody but the brokers has."""
    port = int(bus.options()["bootstrap_servers"].rpartition(":")[2])
    assert spoken(bus.secured.authority, port) == "TLSv1.3"
    with pytest.raises(ssl.SSLError, match=r"(?i)version"):
        spoken(bus.secured.authority, port, newest=False)
    for inner in (port + CONTROLLER_OFFSET, port + INNER_OFFSET):
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required"):
            spoken(bus.secured.authority, inner)


# --- plan and apply --------------------------------------------------------------------------------------------------


async def test_plan_tells_what_is_missing_and_what_should_not_be_there_and_apply_mends_what_is_ours(
    bus: SecureBus,
) -> None:
    """One line is taken away, one of ours and one of a stranger's are put there; the stranger's stays."""
    options, whole = bus.options(), list(bus.acls)
    assert await acls.plan(options, whole) == []
    missing, ours = whole[0], Acl("User:unit.se.nord", Resource.TOPIC, "in.gateway", Operation.WRITE)
    stranger = Acl(f"User:{STRANGER}", Resource.TOPIC, "deliver.syd", Operation.READ)
    await acls.apply(options, [ours, stranger])
    await acls.apply(options, [acl for acl in [*whole, ours] if acl != missing], remove=True)
    found = {change.acl: change.action for change in await acls.plan(options, whole)}
    assert found == {missing: Action.ADD, ours: Action.REMOVE, stranger: Action.FOREIGN}
    first = {change.acl: change.done for change in await acls.apply(options, whole)}
    assert first == {missing: True, ours: False, stranger: False}
    second = {change.acl: change.done for change in await acls.apply(options, whole, remove=True)}
    assert second == {ours: True, stranger: False}
    await _remove(bus, stranger)
    assert await acls.plan(options, whole) == []


async def _remove(bus: SecureBus, acl: Acl) -> None:
    async with administrator(bus.options(), "test") as admin:
        await acls._delete(admin, [acl])
        while acl in await acls._present(admin):
            pass


# --- the commands ----------------------------------------------------------------------------------------------------


def run(bus: SecureBus, user: str, *arguments: str, **variables: str) -> Result:
    """A command as a user; variables given here go before those of the user's file."""
    return CliRunner().invoke(main, arguments, env={**bus.environment(user), **variables})


def test_plan_and_apply_end_with_the_codes_of_the_contract(bus: SecureBus) -> None:
    """Zero as it stands, one when the command line asks for another unit; --json says each line."""
    own = ("--own-access", UNIT, "--own-access", DESK)
    done = run(bus, ADMIN, "acls", "plan", *own)
    assert (done.exit_code, done.stdout) == (
        0,
        f"All {len(bus.acls)} ACLs are as the catalogue says, and no others are there.\n",
    )
    more = run(bus, ADMIN, "acls", "plan", *own, "--own-access", "se.nord", "--json")
    lines = [json.loads(line) for line in more.stdout.splitlines()]
    assert more.exit_code == 1
    assert ("User:unit.se.nord", "write", "topic", "in.se.nord", "add") in {
        (line["user"], line["operation"], line["resource"], line["name"], line["action"]) for line in lines
    }
    less = run(bus, ADMIN, "acls", "plan", "--own-access", DESK)
    assert less.exit_code == 1
    assert f"unit.{UNIT}" in less.stdout


def test_only_the_super_user_looks_at_acls(bus: SecureBus) -> None:
    """Whoever runs the bus day by day needs no right to change who may do what."""
    refused = run(bus, "operations", "acls", "apply")
    assert refused.exit_code == 1
    assert "this user may not look at or change ACLs" in refused.stderr


def test_a_cluster_without_an_authorizer_is_told(kafka: str) -> None:
    """ACLs that nobody asks about would be a wall of paper."""
    told = CliRunner().invoke(main, ["acls", "plan", "--bootstrap", kafka])
    assert told.exit_code == 1
    assert "no authorizer" in told.stderr


FEED = ("feed", "--as", "se.syd/intelligence")
ACLS = ("acls", "plan")
PUBLISH = ("publish", "--as", "se.syd/intelligence")


WRONG = {
    "no authority": ({"SAMBUS_TLS_CA": ""}, "is not believed"),
    "password": ({"SAMBUS_SASL_PASSWORD": "another"}, "refuses the user gateway.syd"),
    "user": ({"SAMBUS_SASL_USERNAME": "nobody"}, "refuses the user nobody"),
    "mechanism": ({"SAMBUS_SASL_MECHANISM": "PLAIN"}, "does not take PLAIN"),
    "no TLS": ({"SAMBUS_SECURITY_PROTOCOL": "PLAINTEXT"}, "breaks off when it is spoken to as PLAINTEXT"),
    "no user": ({"SAMBUS_SECURITY_PROTOCOL": "SSL"}, "breaks off when it is spoken to as SSL"),
}


@pytest.mark.parametrize(
    ("command", "wrong"),
    [*((FEED, wrong) for wrong in WRONG), (ACLS, "no authority"), (ACLS, "password"), (PUBLISH, "password")],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_who_is_not_let_in_is_told_why(bus: SecureBus, command: tuple[str, ...], wrong: str, tmp_path: Path) -> None:
    """Exit code 3, what is wrong and what to set; never the password."""
    events = tmp_path / "events.jsonl"
    events.touch()
    variables, says = WRONG[wrong]
    refused = subprocess.run(
        [sys.executable, "-m", "deploy.cli", *command, *([str(events)] if command is PUBLISH else [])],
        env={**os.environ, **bus.environment("gateway.syd"), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 3, refused.stderr
    assert says in refused.stderr
    assert bus.environment("gateway.syd")["SAMBUS_SASL_PASSWORD"] not in refused.stdout + refused.stderr


@pytest.mark.parametrize("host", ["no-such-host.invalid", "127.0.0.1"])
def test_who_finds_nobody_is_not_told_that_somebody_refused(host: str) -> None:
    """A host that is not found, or where nothing listens, is told as it always was."""
    told = CliRunner().invoke(main, [*FEED, "--bootstrap", f"{host}:{free_port()}"])
    assert told.exit_code == 3
    assert "The bus does not answer at" in told.stderr


def test_publish_and_feed_work_over_tls_with_a_user(bus: SecureBus, tmp_path: Path) -> None:
    """By options as by variables, the password from a file; who may read the area and no other reads that alone."""
    told = bus.environment("gateway.syd")
    password = tmp_path / "password"
    password.write_text(told["SAMBUS_SASL_PASSWORD"] + "\n")
    options = (
        *("--bootstrap", told["SAMBUS_BOOTSTRAP"], "--security-protocol", "SASL_SSL"),
        *("--sasl-username", "gateway.syd", "--sasl-password-file", str(password), "--tls-ca", told["SAMBUS_TLS_CA"]),
    )
    good = next(made for made in all_made(story(), Maker(date(2026, 11, 28))) if made.telling.wrong is None)
    events = tmp_path / "events.jsonl"
    events.write_bytes(orjson.dumps(good.body))
    for connection in (options, ()):
        variables: dict[str, Any] = {} if connection else told
        words = ["publish", str(events), "--as", good.desk, "--json", *connection]
        published = CliRunner().invoke(main, words, env=variables)
        assert published.exit_code == 0, published.output
        taken = json.loads(published.stdout.splitlines()[0])
        assert (taken["status"], taken["topic"]) == ("taken", "in.gateway")
        read = CliRunner().invoke(main, [*FEED, *connection], env=variables)
        assert read.exit_code == 0, read.output
    refused = run(bus, "archiver.syd", "publish", str(events), "--as", good.desk)
    assert refused.exit_code == 3
    assert "does not let this user write anything" in refused.stderr
    refused = run(bus, f"unit.{UNIT}", "publish", str(events), "--as", good.desk)
    assert refused.exit_code == 3
    assert "does not let this user write in.gateway" in refused.stderr
    other = run(bus, "gateway.syd", "feed", "--as", "se.nord/intelligence")
    assert other.exit_code == 1
    assert "deliver.nord is not on the bus, or this user may not see it" in other.stderr


def test_a_password_on_the_command_line_is_refused(bus: SecureBus) -> None:
    """Everybody on the machine would see it."""
    refused = run(bus, "gateway.syd", *FEED, "--sasl-password", "made-up")
    assert refused.exit_code == 2
    assert "does not belong on a command line" in refused.stderr


# --- the files -------------------------------------------------------------------------------------------------------


def test_secrets_are_for_their_owner_alone(bus: SecureBus) -> None:
    """Mode 0600 in folders of mode 0700; no key of the authority; no password but in its user's own file."""
    folder = bus.secured.folder
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert "PRIVATE KEY" not in bus.secured.authority.read_text()
    passwords = {user: bus.environment(user)["SAMBUS_SASL_PASSWORD"] for user in bus.secured.users}
    assert len(set(passwords.values())) == len(passwords)
    for place, _, files in os.walk(folder.parent):
        for name in files:
            path = Path(place, name)
            if path.suffix in {".index", ".timeindex"}:  # numbers alone, and large before they are filled
                continue
            data = path.read_bytes()
            held = {user for user, password in passwords.items() if password.encode() in data}
            assert held == ({path.stem} if path.parent.name == "users" else set()), path
