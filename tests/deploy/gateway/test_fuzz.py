"""Fuzzing from the OpenAPI document: whatever fits or does not fit it, no 5xx and no answer that it does not tell of.

The intake's spool takes everything here, so that an event that is right is answered 202 without a bus.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.cluster.ports import free_port
from deploy.gateway.context import Context
from deploy.gateway.intake import part as intake
from deploy.gateway.login import part as login
from deploy.gateway.part import Part
from producers.encoding import Encoded
from tests.gateway import PATIENCE, Running, in_process

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: It says that the bus is away, which is so here, and true of the document as well.
ALONE = {("GET", "/readyz")}


class TakesAll:
    """A spool with room for everything."""

    async def keep(self, record: Encoded) -> bool:
        """Always."""
        return bool(record.value)


def made_of(context: Context) -> tuple[Part, ...]:
    """Intake and signing in."""
    return (login(context), intake(context, spool=TakesAll()))


class _Server(threading.Thread):
    """The gateway on a port, in a thread with a loop of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.port = free_port()
        self.token = ""
        self.document: dict[str, Any] = {}
        self.ready = threading.Event()
        self._folder = folder
        self._server: uvicorn.Server | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with in_process({"bootstrap_servers": "127.0.0.1:9"}, self._folder, made_of) as running:
            await self._tell(running)
            config = uvicorn.Config(running.gateway, port=self.port, lifespan="off", log_config=None, access_log=False)
            self._server = uvicorn.Server(config)
            serving = asyncio.create_task(self._server.serve())
            while not self._server.started:
                await asyncio.sleep(0.01)
            self.ready.set()
            await serving

    async def _tell(self, running: Running) -> None:
        self.token = running.token()
        async with running.client(None) as client:
            self.document = (await client.get("/openapi.json")).json()

    def stop(self) -> None:
        """Stop, and wait for the end."""
        if self._server is not None:
            self._server.should_exit = True
        self.join(PATIENCE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Server]:
    """A gateway that answers."""
    started = _Server(tmp_path_factory.mktemp("fuzz"))
    started.start()
    assert started.ready.wait(PATIENCE)
    yield started
    started.stop()


def fuzz(server: _Server, examples: int) -> dict[str, set[int]]:
    """Call every operation so often, with what fits and what does not; the statuses that each gave."""
    schema = schemathesis.openapi.from_dict(server.document)
    schema.config.base_url = f"http://127.0.0.1:{server.port}"
    seen: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if (operation.method.upper(), operation.path) in ALONE:
            continue
        statuses = seen.setdefault(f"{operation.method.upper()} {operation.path}", set())
        _call(server, operation.as_strategy(generation_mode=GenerationMode.POSITIVE), examples, statuses)
        with suppress(Unsatisfiable):  # what takes nothing can be asked nothing wrong
            _call(server, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), examples, statuses)
    return seen


def _call(server: _Server, cases: Any, examples: int, statuses: set[int]) -> None:
    @seed(20261128)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def each(case: Any) -> None:
        response = case.call(headers={"authorization": f"Bearer {server.token}"}, allow_redirects=False)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    each()


def test_fuzzing_finds_nothing_that_the_document_does_not_tell(server: _Server) -> None:
    """The short form of ``test_long``."""
    seen = fuzz(server, 15)
    assert 422 in seen["POST /v1/events"]


@pytest.mark.slow
def test_long(server: _Server) -> None:
    """Many more of each."""
    seen = fuzz(server, 500)
    assert {207, 400, 422} <= seen["POST /v1/events"]
