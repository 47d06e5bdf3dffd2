"""Bring a registry in line with the released schemas: what it lacks is registered, what differs is told."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from fastavro.schema import to_parsing_canonical_form

from deploy.registry.api import FULL_TRANSITIVE, ConfluentApi, RefusedError, Registered
from schemas.avro import Schema
from schemas.schema_ids import shared_names, subject_of

#: How many subjects are brought in line at a time.
AT_ONCE: Final = 4

State = Literal["kept", "registered", "described", "refused", "foreign", "rule"]


class Told(NamedTuple):
    """What was found of one version of a schema, or of its subject, and done about it.

    Shape: ``state`` is ``kept``, ``registered``, ``described`` (the same schema with other descriptions, registered as
    the newest), ``rule`` (the subject had another compatibility rule, named in ``what``), ``refused``, or ``foreign``
    (the registry has a version that is none of ours).
    """

    name: str
    number: int
    state: State
    schema_id: int | None = None
    what: str = ""

    @property
    def wrong(self) -> bool:
        """Whether a person must look at it."""
        return self.state in {"refused", "foreign"}


async def push(api: ConfluentApi, released: Mapping[str, Mapping[int, Schema]], *, dry: bool = False) -> list[Told]:
    """Register every released version of what others write and read, oldest first, under FULL_TRANSITIVE.

    Shape: name → number → schema in; what was found of each out, by name. With ``dry`` nothing is written. Doing it
    again does nothing. Nothing is ever deleted.
    Errors: ``RegistrySilentError``.
    """
    at_once = asyncio.Semaphore(AT_ONCE)

    async def one(opened: ConfluentApi, name: str) -> list[Told]:
        async with at_once:
            return await _Subject(opened, name, released.get(name, {}), dry=dry).bring_in_line()

    async with api.connected() as opened:
        told = await asyncio.gather(*(one(opened, name) for name in shared_names()))
    return [each for group in told for each in group]


class _Subject:
    def __init__(self, api: ConfluentApi, name: str, versions: Mapping[int, Schema], *, dry: bool) -> None:
        self._api, self._name, self._versions, self._dry = api, name, versions, dry
        self._subject = subject_of(name)

    async def bring_in_line(self) -> list[Told]:
        standing = [
            found
            for number in await self._api.numbers(self._subject)
            if (found := await self._api.version(self._subject, number)) is not None
        ]
        told = await self._rule() if standing else []
        for number in sorted(self._versions):
            told.append(await self._version(number, standing))
            if not standing and not self._dry and told[-1].state == "registered":  # a new subject has no rule yet
                await self._api.set_compatibility(self._subject, FULL_TRANSITIVE)
        return told + self._foreign(standing)

    async def _rule(self) -> list[Told]:
        """Give the subject its rule again if somebody changed it."""
        rule = await self._api.compatibility(self._subject)
        if rule == FULL_TRANSITIVE:
            return []
        if not self._dry:
            await self._api.set_compatibility(self._subject, FULL_TRANSITIVE)
        return [Told(self._name, 0, "rule", what=rule or "none of its own")]

    async def _version(self, number: int, standing: Sequence[Registered]) -> Told:
        schema = self._versions[number]
        same = [found for found in standing if _same(found.text, schema)]
        whole = [found for found in same if json.loads(found.text) == schema]
        if whole:
            return Told(self._name, number, "kept", whole[-1].schema_id)
        if same and number != max(self._versions):
            return Told(self._name, number, "kept", same[-1].schema_id)
        state: State = "described" if same else "registered"
        if self._dry:
            return Told(self._name, number, state)
        try:
            return Told(self._name, number, state, await self._api.register(self._subject, text_of(schema)))
        except RefusedError as problem:
            return Told(self._name, number, "refused", what=str(problem))

    def _foreign(self, standing: Sequence[Registered]) -> list[Told]:
        return [
            Told(self._name, found.version, "foreign", found.schema_id)
            for found in standing
            if not any(_same(found.text, schema) for schema in self._versions.values())
        ]


def text_of(schema: Schema) -> str:
    """A schema as it is registered: one text for one schema, or a registry would take it for another version."""
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def _same(text: str, schema: Schema) -> bool:
    """Whether a text holds this schema, descriptions aside."""
    try:
        return bool(to_parsing_canonical_form(json.loads(text)) == to_parsing_canonical_form(schema))
    except (ValueError, TypeError, KeyError):
        return False
