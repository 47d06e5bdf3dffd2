"""The AsyncAPI document is that of the code, names every topic and record, and AsyncAPI's own parser finds it valid."""

from typing import Any

import pytest
import yaml

from deploy.documents import asyncapi_document, asyncapi_yaml
from schemas.asyncapi import Document
from schemas.gazetteer import load_gazetteer
from schemas.registry import RELEASED
from schemas.schema_ids import shared_names
from schemas.topics import catalogue
from tests.docs.tables import ROOT
from tests.examples import npm_folder, ran, tool

COMMITTED = ROOT / "docs" / "asyncapi.yaml"
CHECKER = ROOT / "tests" / "docs" / "asyncapi"


@pytest.fixture(scope="module")
def made() -> Document:
    """The document as the code makes it."""
    return asyncapi_document()


def test_the_committed_document_is_that_of_the_code() -> None:
    """Whoever changes a topic or an event writes the document anew."""
    assert COMMITTED.read_text("utf-8") == asyncapi_yaml(), "run sambus schemas asyncapi --out docs/asyncapi.yaml"


def test_every_topic_is_a_channel(made: Document) -> None:
    """Those of areas, units and desks by their pattern."""
    of_areas = ("deliver.", "alert.flash.")
    fixed = {topic.name for topic in catalogue(load_gazetteer()) if not topic.name.startswith(of_areas)}
    patterns = {
        "in.{unit}",
        "in.flash.{unit}",
        "deliver.{area}",
        "alert.flash.{area}",
        "desk.{unit}.{function}",
        "receipts.{unit}.{function}",
    }
    assert {channel["address"] for channel in made["channels"].values()} == fixed | patterns


def test_every_shared_schema_is_a_message_and_its_file_is_there(made: Document) -> None:
    """Events and deliveries, each with the released schema that it refers to."""
    messages = made["components"]["messages"]
    assert set(shared_names()) <= set(messages)
    for message in messages.values():
        path = (COMMITTED.parent / message["payload"]["schema"]["$ref"]).resolve()
        assert path.parent == RELEASED
        assert path.exists()


@pytest.fixture(scope="module")
def judged(made: Document, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What AsyncAPI's parser says of the committed document, and of one with operations on a channel that is not."""
    node = tool("node", "Node.js")
    wrong = tmp_path_factory.mktemp("asyncapi") / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(_with_operations_nowhere(made)), "utf-8")
    said = ran([node, "validate.mjs", str(COMMITTED), str(wrong)], npm_folder(CHECKER, "validate.mjs"))
    lines = said.splitlines()
    return tuple("\n".join(line for line in lines if line.startswith(str(path))) for path in (COMMITTED, wrong))  # type: ignore[return-value]


def _with_operations_nowhere(made: Document) -> dict[str, Any]:
    nowhere = {"$ref": "#/channels/nowhere"}
    operations = {name: {**operation, "channel": nowhere} for name, operation in made["operations"].items()}
    channels = {name: {**channel, "messages": {}} for name, channel in made["channels"].items()}
    components = {**made["components"], "messages": {}}
    return {**made, "operations": operations, "channels": channels, "components": components}


def test_asyncapis_own_parser_finds_it_valid(made: Document, judged: tuple[str, str]) -> None:
    """With the Avro schemas that it refers to."""
    channels, operations = len(made["channels"]), len(made["operations"])
    assert f": valid, {channels} channels, {operations} operations" in judged[0], judged[0]


def test_a_document_that_is_wrong_is_found(judged: tuple[str, str]) -> None:
    """The parser does look."""
    assert "nowhere" in judged[1]
    assert ": valid" not in judged[1]
