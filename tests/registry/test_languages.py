"""The examples in other languages publish and read an event on a real Kafka, with a real registry."""

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from deploy.cluster.jars import read_lock
from deploy.registry import registry_at
from deploy.registry.server import RegistryServer
from schemas.codec import Codec
from schemas.validation import validate
from tests.bus import Bus, committed
from tests.examples import EXAMPLES, npm_folder, ran, tool
from tests.registry.conftest import DESK, UNIT

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

_SAID: Final = re.compile(
    rf"published (?P<id>[0-9a-f-]{{36}})\n.*delivered (?P=id) to {DESK} by OWN, S01: 120 tablets\n", re.DOTALL
)
JAVA_LOCK: Final = EXAMPLES / "java" / "dependencies.lock"


@pytest.fixture(scope="module")
def avro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schemas as ``sambus schemas export`` writes them."""
    folder = tmp_path_factory.mktemp("avro")
    ran([sys.executable, "-m", "deploy.cli", "schemas", "export", "--out", str(folder)], EXAMPLES)
    return folder


@pytest.fixture
def variables(bus: Bus, registry: RegistryServer, avro: Path) -> dict[str, str]:
    """What tells an example where everything is."""
    return {"SAMBUS_BOOTSTRAP": bus.bootstrap, "SAMBUS_REGISTRY": registry.url, "SAMBUS_AVRO": str(avro)}


async def accepted(bus: Bus, registry: RegistryServer, said: str, first_byte: int) -> None:
    """See that an example said what it should, and that what it sent is a valid event in the form that it shows."""
    found = _SAID.search(said)
    assert found is not None, said
    known = registry_at(registry.url)
    records = {record.key: record async for record in committed(bus.options, (f"in.{UNIT}",))}
    record = records[found["id"].encode()]
    await known.learn([record.value])
    decoded = Codec(known.known).decode(record.value or b"")
    assert (record.value or b"")[0] == first_byte
    assert not isinstance(validate(decoded.name, decoded.value), tuple)
    headers = dict(record.headers)
    assert (headers["ce_id"], headers["ce_type"]) == (record.key, b"se.sambus.drug_seizure.v1")
    assert (await bus.books()).decided[found["id"]] == 1


async def test_node_publishes_and_reads(bus: Bus, registry: RegistryServer, variables: dict[str, str]) -> None:
    """kafkajs, a registry's ids, and the official CloudEvents SDK for the headers of what it writes and reads."""
    folder = npm_folder(EXAMPLES / "node", "example.mjs")
    said = ran([tool("node", "Node.js"), "example.mjs"], folder, variables)
    await accepted(bus, registry, said, first_byte=0x00)


async def test_go_publishes_and_reads(bus: Bus, registry: RegistryServer, variables: dict[str, str]) -> None:
    """franz-go and hamba/avro; it writes single-object encoding, and reads what the bus writes."""
    said = ran(
        [tool("go", "Go"), "run", "."], EXAMPLES / "go", {**variables, "GOFLAGS": "-mod=readonly -buildvcs=false"}
    )
    await accepted(bus, registry, said, first_byte=0xC3)


async def test_java_publishes_and_reads(
    bus: Bus, registry: RegistryServer, variables: dict[str, str], tmp_path: Path
) -> None:
    """Apicurio's serializers, on the jars that are locked."""
    maven = tool("mvn", "Maven and a JDK")
    shutil.copytree(EXAMPLES / "java", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("target"))
    jars = tmp_path / "jars.txt"
    goals = ("compile", "dependency:build-classpath", f"-Dmdep.outputFile={jars}", "exec:java")
    said = ran([maven, "-q", "-B", *goals], tmp_path, variables)
    await accepted(bus, registry, said, first_byte=0x00)
    _are_locked([Path(name) for name in jars.read_text("utf-8").split(os.pathsep)])


def _are_locked(jars: list[Path]) -> None:
    """See that Maven took exactly the jars that the lock names, each as it was when it was locked."""
    wanted = {jar.file_name: jar.sha256 for jar in read_lock(JAVA_LOCK)}
    assert {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in jars} == wanted


async def test_python_publishes_and_reads(bus: Bus, registry: RegistryServer, variables: dict[str, str]) -> None:
    """The package's own client and feed."""
    said = ran([sys.executable, "example.py"], EXAMPLES / "python", variables)
    await accepted(bus, registry, said, first_byte=0x00)
