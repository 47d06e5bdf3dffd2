"""The ids of one registry, asked for once each and kept: what producers, workers and readers hold in their hands."""

import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from deploy.registry.api import ConfluentApi
from schemas.registry import Registry, load_registry
from schemas.schema_ids import RegistrySilentError, id_in, named, subject_of, version_of

T = TypeVar("T")

#: Seconds for which a registry that was silent is not asked again: whoever waits is told at once meanwhile.
SILENT_FOR = 10.0

#: Seconds for which an id that the registry does not have is not asked for again; somebody may register it.
MISSING_FOR = 30.0

#: How many ids that stand for nothing are kept at most: bytes from outside can name any.
MOST_MISSING = 1_000

#: How many unknown ids are asked for at a time; more in one batch are no publisher's honest work.
MOST_ASKED = 50


class RegistryIds:
    """``SchemaIds`` of a registry that speaks Confluent's API.

    What was learnt stays for good: an id never changes its schema. So a registry that is gone hurts only what was
    never met before.
    """

    def __init__(
        self,
        api: ConfluentApi,
        *,
        registry: Registry | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api = api
        self._registry = registry or load_registry()
        self._clock = clock
        self._known: dict[int, str] = {}
        self._missing: dict[int, float] = {}
        self._names: dict[str, int] = {}
        self._silent: tuple[float, RegistrySilentError] | None = None

    @property
    def known(self) -> Mapping[int, str]:
        """What ids stand for: ``<name>.v<N>``, or nothing for a schema that is none of ours."""
        return self._known

    async def learn(self, values: Iterable[bytes | None]) -> None:
        """Ask for the ids in records' values that are not known yet.

        Errors: ``RegistrySilentError``; at once while the registry was silent a moment ago.
        """
        unknown = {found for value in values if (found := id_in(value)) is not None and found not in self._known}
        if self._missing:
            unknown |= self._worth_another_look()
        if not unknown:
            return
        self._require_voice()
        async with self.api.connected() as api:
            for schema_id in sorted(unknown)[:MOST_ASKED]:
                await self._learn(api, schema_id)

    async def of(self, names: Iterable[str]) -> Mapping[str, int]:
        """The ids under which to write; what the registry does not have is left out, and asked for again next time."""
        wanted = list(names)
        unknown = [name for name in wanted if name not in self._names]
        if unknown:
            self._require_voice()
            async with self.api.connected() as api:
                for name in unknown:
                    await self._look_up(api, name)
        return {name: self._names[name] for name in wanted if name in self._names}

    async def _learn(self, api: ConfluentApi, schema_id: int) -> None:
        text = await self._heard(api.schema_of(schema_id))
        version = None if text is None else version_of(text, self._registry)
        if text is None:
            if len(self._missing) >= MOST_MISSING:
                self._forget_missing()
            self._missing[schema_id] = self._clock()
        self._known[schema_id] = "" if version is None else named(version)

    async def _look_up(self, api: ConfluentApi, name: str) -> None:
        """Find the current schema among the versions of its subject: mostly the latest, else an older one."""
        subject, current = subject_of(name), self._registry.current[name]
        latest = await self._heard(api.version(subject))
        if latest is None:
            return
        numbers = [number for number in await self._heard(api.numbers(subject)) if number != latest.version]
        found = latest
        while version_of(found.text, self._registry) != current:
            older = await self._heard(api.version(subject, numbers.pop())) if numbers else None
            if older is None:
                return
            found = older
        self._names[name] = found.schema_id
        self._known[found.schema_id] = named(current)

    async def _heard(self, asking: Awaitable[T]) -> T:
        try:
            return await asking
        except RegistrySilentError as problem:
            self._silent = (self._clock(), problem)
            raise

    def _require_voice(self) -> None:
        """Errors: ``RegistrySilentError`` while it was silent a moment ago."""
        if self._silent is not None:
            at, problem = self._silent
            if self._clock() - at < SILENT_FOR:
                raise problem
            self._silent = None

    def _worth_another_look(self) -> set[int]:
        """Ids that the registry did not have when it was asked long enough ago."""
        old = self._clock() - MISSING_FOR
        found = {schema_id for schema_id, asked in self._missing.items() if asked < old}
        for schema_id in found:
            del self._missing[schema_id]
        return found

    def _forget_missing(self) -> None:
        for schema_id in self._missing:
            self._known.pop(schema_id, None)
        self._missing.clear()


def registry_at(url: str, *, tls: ssl.SSLContext | None = None) -> RegistryIds:
    """The ids of the registry at a URL. Errors: ``ValueError`` for what is no URL."""
    return RegistryIds(ConfluentApi(url, tls=tls))
