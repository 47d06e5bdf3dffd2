"""The documents as pages: whole, in two languages, without a script, every way leads somewhere; valid OpenAPI."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from deploy.gateway.documents.markup import h, prose
from deploy.gateway.documents.types_page import Field, fields_of
from schemas.catalogue import EVENT_TYPES
from schemas.registry import load_registry
from tests.gateway import Running, in_process

NOWHERE = {"bootstrap_servers": "127.0.0.1:9"}
PAGES = ("/docs", "/docs/types", "/docs/types/drug_seizure", "/docs/topics", "/docs/http")


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The whole gateway, without a Kafka: the documents need none."""
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with in_process(NOWHERE, folder) as gateway:
        yield gateway


class Seen(HTMLParser):
    """What a page consists of: its elements with their attributes, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.names.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")


async def page(running: Running, path: str, **headers: str) -> str:
    """A page as a browser gets it."""
    async with running.client(None) as client:
        answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, path
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


@pytest.mark.parametrize("lang", ["sv", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_whole_and_loads_nothing_from_elsewhere(running: Running, path: str, lang: str) -> None:
    """One language, one heading, one main part; no script and no style of its own, which the policy would not allow."""
    seen = Seen(await page(running, f"{path}?lang={lang}"))
    assert seen.attributes["lang"][0] == lang
    assert (seen.names.count("h1"), seen.names.count("main")) == (1, 1)
    assert not {"script", "style", "img", "iframe", "form"} & set(seen.names)
    assert not {"style", "onclick", "onload"} & set(seen.attributes)
    assert [address for address in seen.attributes["href"] if "//" in address] == []


async def test_a_browsers_language_is_taken_when_none_is_asked_for(running: Running) -> None:
    """Swedish unless English comes first."""
    assert 'lang="en"' in await page(running, "/docs", **{"accept-language": "en-GB,sv;q=0.8"})
    assert 'lang="sv"' in await page(running, "/docs", **{"accept-language": "de,sv;q=0.8"})
    assert 'lang="sv"' in await page(running, "/docs")


async def test_every_way_leads_somewhere(running: Running) -> None:
    """From page to page until there is none that was not seen: every type, every schema, both documents."""
    ahead, seen = ["/docs"], set[str]()
    async with running.client(None) as client:
        while ahead:
            path = ahead.pop()
            seen.add(path)
            answer = await client.get(path)
            assert answer.status_code == 200, path
            if answer.headers["content-type"].startswith("text/html"):
                found = {address.split("#")[0] for address in Seen(answer.text).attributes["href"]}
                ahead += sorted(address for address in found - seen - set(ahead) if address.startswith(("/docs", "/o")))
    assert {f"/docs/types/{name}?lang=sv" for name in EVENT_TYPES} <= seen
    assert {"/openapi.json", "/docs/asyncapi.json", "/docs/schemas/delivery.drug_seizure.avsc"} <= seen


async def test_the_forms_of_the_http_page_are_there(running: Running) -> None:
    """A link to a form leads to it."""
    seen = Seen(await page(running, "/docs/http"))
    linked = {address[1:] for address in seen.attributes["href"] if address.startswith("#")}
    assert linked - {"main"}
    assert linked <= set(seen.attributes["id"])


async def test_the_asyncapi_document_refers_to_schemas_that_the_gateway_has(running: Running) -> None:
    """Whoever fetches the document can fetch what it refers to, as it was released."""
    async with running.client(None) as client:
        made = (await client.get("/docs/asyncapi.json")).json()
        reference = made["components"]["messages"]["drug_seizure"]["payload"]["schema"]["$ref"]
        assert (await client.get(f"/docs/{reference}")).json() == load_registry().current["drug_seizure"].schema


@pytest.mark.parametrize("path", ["/docs/types/no_such_type", "/docs/schemas/nothing.avsc", "/docs/nowhere"])
async def test_what_is_not_there_is_told(running: Running, path: str) -> None:
    """As a problem, like everywhere."""
    async with running.client(None) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_the_openapi_document_is_valid(running: Running) -> None:
    """The official validator of OpenAPI 3.1 finds no fault; with one it does."""
    async with running.client(None) as client:
        document: dict[str, Any] = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    validate(document)
    with pytest.raises(OpenAPIValidationError):
        validate({**document, "paths": {"/x": {"get": {"responses": 7}}}})


def test_no_text_becomes_markup() -> None:
    """Whatever a document says stays text."""
    assert h("p", "<b>", class_='"x"') == '<p class="&quot;x&quot;">&lt;b&gt;</p>'
    assert h("p", prose("a `<b>` c")) == "<p>a <code>&lt;b&gt;</code> c</p>"


def test_a_types_fields_are_those_of_its_schema() -> None:
    """With lists, parts, decimals and closed lists of values."""
    fields = {field.path: field for field in fields_of(load_registry().current["drug_seizure"].schema)}
    assert fields["event_id"] == Field("event_id", "string", (), "always", "")
    assert fields["geo.lon"] == Field("geo.lon", "decimal (8, 5)", (), "if_given", "")
    assert fields["payload.items[].count"].needed == "no"
    assert fields["payload.items[].form"].values[:2] == ("powder", "herb")
    assert not [path for path in fields if re.search(r"[^a-z0-9_.\[\]]", path)]


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_type_and_delivery_has_fields(name: str) -> None:
    """No form of schema is unknown to the page."""
    for schema in (name, f"delivery.{name}"):
        assert list(fields_of(load_registry().current[schema].schema))
