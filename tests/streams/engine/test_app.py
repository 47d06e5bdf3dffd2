"""What the engine takes from its libraries beyond their interface: a new version that moves it must fail here."""

import asyncio
import inspect
import ssl
from types import SimpleNamespace

import aiokafka.producer.sender
import pytest
from aiokafka.consumer.subscription_state import TopicPartitionState
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver

from streams.engine.app import TRANSACTION_RETRY_S, Lanes, build_app
from streams.engine.settings import Settings
from streams.engine.transport import BatchTransport
from streams.engine.work import Work


def test_aiokafkas_wait_between_transactions_is_where_we_set_it() -> None:
    """docs/adr/0004: the wait is a module's constant, read at each use."""
    before = aiokafka.producer.sender.BACKOFF_OVERRIDE
    try:
        app, _ = build_app({}, Settings(kafka={"bootstrap_servers": "127.0.0.1:1"}))
        assert aiokafka.producer.sender.BACKOFF_OVERRIDE == TRANSACTION_RETRY_S
        assert isinstance(app.transport, BatchTransport)
    finally:
        aiokafka.producer.sender.BACKOFF_OVERRIDE = before
    assert "BACKOFF_OVERRIDE" in inspect.getsource(aiokafka.producer.sender.AddPartitionsToTxnHandler)


def test_fausts_own_clients_know_every_broker_and_prove_themselves() -> None:
    """The first broker may be down, and a cluster that asks for a password asks every client."""
    tls = ssl.create_default_context()
    kafka = {"bootstrap_servers": "a:9092, b:9093", "security_protocol": "SASL_SSL", "ssl_context": tls}
    sasl = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": "worker", "sasl_plain_password": "made-up"}
    app, _ = build_app({}, Settings(kafka=kafka | sasl))
    assert [(url.host, url.port) for url in app.transport.url] == [("a", 9092), ("b", 9093)]
    settings = driver.credentials_to_aiokafka_auth(app.conf.broker_credentials, None)
    assert settings == {"security_protocol": "SASL_SSL", "ssl_context": tls} | sasl
    plain, _ = build_app({}, Settings(kafka=kafka | {"security_protocol": "SSL"}))
    settings = driver.credentials_to_aiokafka_auth(plain.conf.broker_credentials, None)
    assert settings == {"security_protocol": "SSL", "ssl_context": tls}


async def test_fausts_tables_take_no_second_of_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for tables to be named, of which there are none; what it does then is done at once."""
    app, _ = build_app({}, Settings(kafka={"bootstrap_servers": "127.0.0.1:1"}))
    done: list[str] = []

    async def starts(name: str) -> None:
        done.append(name)

    monkeypatch.setattr(app.tables, "_update_channels", lambda: starts("channels"))
    monkeypatch.setattr(app.tables, "_recovery", SimpleNamespace(start=lambda: starts("recovery")))
    monkeypatch.setattr(app.tables, "sleep", None)
    await app.tables.on_start()
    assert done == ["channels", "recovery"]
    assert "_update_channels" in inspect.getsource(TableManager.on_start)
    assert "recovery.start" in inspect.getsource(TableManager.on_start)


def test_fausts_transport_still_has_what_ours_overrides() -> None:
    """Fetching, seeking, acking and committing are Faust's methods of these names and shapes."""
    for owner, name in (
        (driver.AIOKafkaConsumerThread, "_fetch_records"),
        (driver.AIOKafkaConsumerThread, "_create_worker_consumer"),
        (driver.AIOKafkaConsumerThread, "seek_to_committed"),
        (driver.Consumer, "getmany"),
        (driver.Consumer, "ack"),
        (driver.Consumer, "commit"),
        (driver.Consumer, "resume_partitions"),
    ):
        assert callable(getattr(owner, name))
    assert "flow_active" in inspect.getsource(driver.AIOKafkaConsumerThread._fetch_records)


def test_a_partitions_position_is_still_known_without_a_round_trip() -> None:
    """The transport reads it between fetches."""
    assert isinstance(TopicPartitionState.position, property)
    assert isinstance(TopicPartitionState.has_valid_position, property)


async def test_whoever_assigns_partitions_does_not_wait_for_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No heartbeat is sent before the listener is done; no batch comes before the lanes are open, or after they go."""
    opened, events = asyncio.Event(), list[str]()

    class Slow:
        works: tuple[()] = ()

        def __init__(self, *_: object) -> None:
            pass

        async def open(self) -> None:
            await opened.wait()
            events.append("open")

        async def close(self) -> None:
            events.append("close")

        def flash_places(self) -> dict[object, int]:
            return {}

    monkeypatch.setattr("streams.engine.app.Lane", Slow)
    lanes = Lanes({}, Settings(kafka={}))
    gate = asyncio.Event()
    lanes.app = SimpleNamespace(consumer=SimpleNamespace(gate=gate))
    await lanes.open([SimpleNamespace(partition=0)])
    assert not gate.is_set()
    await lanes.open([SimpleNamespace(partition=1)])  # taken away and given anew while it opened
    opened.set()
    await asyncio.wait_for(gate.wait(), 5)
    assert events == ["close", "open"]
    await lanes.close()
    assert not gate.is_set()
    assert events == ["close", "open", "close"]


async def test_memory_of_a_closed_lane_is_free_at_once() -> None:
    """A worker whose partitions come and go does not hold their states twice."""
    work = Work(SimpleNamespace(name="any", outputs=()), 0, {}, Settings(kafka={}))
    work.state.put(b"key", b"value", 1)
    work.state.derived = object()
    work.let_go()
    assert len(work.state) == 0
    assert work.state.derived is None
