"""Confluent's registry API over HTTP, as far as Sambus uses it. Apicurio, Confluent and Redpanda all speak it."""

import copy
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

import httpx

from schemas.schema_ids import RegistrySilentError

#: The only rule by which events and deliveries may change: every old reader and every old writer lives on.
FULL_TRANSITIVE: Final = "FULL_TRANSITIVE"

#: Seconds to connect, and for each answer.
TIMEOUT: Final = 5.0

_JSON: Final = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
_NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 404, 409, 422


class Registered(NamedTuple):
    """One version of a subject, as the registry has it."""

    version: int
    schema_id: int
    text: str


class RefusedError(Exception):
    """The registry refuses a schema: it breaks somebody's reader or writer. The text is the registry's."""


class ConfluentApi:
    """One registry. An async context manager: inside it connections are kept.

    Shape: ``url`` is the root of the API, such as ``http://127.0.0.1:29081/apis/ccompat/v7``; a user and a password
    in it are used and never shown.
    Errors: ``ValueError`` for what is no URL; ``RegistrySilentError`` when it cannot be reached, fails or refuses us.
    """

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None, timeout: float = TIMEOUT) -> None:
        try:
            whole = httpx.URL(url)
        except httpx.InvalidURL:
            whole = httpx.URL("")
        if whole.scheme not in {"http", "https"} or not whole.host:
            raise ValueError("the registry is named by a URL: http://HOST:PORT/PATH")
        self._auth = (whole.username, whole.password) if whole.username else None
        # Without TLS no authorities are read: that takes longer than what is asked.
        self._verify: ssl.SSLContext | bool = (whole.scheme == "https") if tls is None else tls
        self._timeout = timeout
        #: Its URL as it may be shown.
        self.address = str(whole.copy_with(username=None, password=None)).rstrip("/")
        self._client: httpx.AsyncClient | None = None

    def connected(self) -> "ConfluentApi":
        """The same registry for one ``async with`` of somebody's own."""
        mine = copy.copy(self)
        mine._client = None  # noqa: SLF001 - of its own class
        return mine

    async def __aenter__(self) -> Self:
        self._client = self._new_client()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def schema_of(self, schema_id: int) -> str | None:
        """The schema that an id stands for; none when the registry has no such id."""
        found = await self._ask("GET", f"/schemas/ids/{schema_id}")
        return None if found is None else str(found["schema"])

    async def version(self, subject: str, number: int | str = "latest") -> Registered | None:
        """A version of a subject; none when there is none."""
        found = await self._ask("GET", f"/subjects/{quote(subject, safe='')}/versions/{number}")
        return None if found is None else Registered(int(found["version"]), int(found["id"]), str(found["schema"]))

    async def numbers(self, subject: str) -> list[int]:
        """The numbers of a subject's versions, oldest first."""
        found = await self._ask("GET", f"/subjects/{quote(subject, safe='')}/versions")
        return sorted(map(int, found or ()))

    async def register(self, subject: str, text: str) -> int:
        """Make a schema the next version of a subject; its id. Errors: ``RefusedError`` too."""
        found = await self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", {"schema": text})
        return int((found or {})["id"])

    async def compatibility(self, subject: str) -> str | None:
        """The rule of a subject itself; none when it only has the registry's own."""
        found = await self._ask("GET", f"/config/{quote(subject, safe='')}")
        return None if found is None else str(found["compatibilityLevel"])

    async def set_compatibility(self, subject: str, level: str) -> None:
        """Give a subject its rule."""
        await self._ask("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": level})

    async def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        """The answer's JSON; none for 404."""
        content = None if body is None else json.dumps(body).encode()
        try:
            async with self._opened() as client:
                answer = await client.request(method, self.address + path, content=content, headers=_JSON)
                if answer.status_code == _NOT_FOUND:
                    return None
                if answer.status_code in {_CONFLICT, _UNPROCESSABLE}:
                    raise RefusedError(_message(answer))
                answer.raise_for_status()
                return answer.json()
        except httpx.HTTPStatusError as problem:
            raise self._silent(f"answers {problem.response.status_code}") from None
        except httpx.HTTPError as problem:
            raise self._silent(f"cannot be reached ({type(problem).__name__})") from None
        except ValueError:
            raise self._silent("does not answer with JSON") from None

    def _silent(self, what: str) -> RegistrySilentError:
        return RegistrySilentError(
            f"The registry {self.address} {what}. See that it runs there; without --registry none is needed."
        )

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[httpx.AsyncClient]:
        if self._client is not None:
            yield self._client
            return
        async with self._new_client() as client:
            yield client

    def _new_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(auth=self._auth, verify=self._verify, timeout=self._timeout)


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
