"""Which schemas exist: the current ones from the models, and every version that was released. Found by fingerprint.

A released version is a committed file ``released/<name>.v<N>.avsc``. Bytes name their schema by the CRC-64-AVRO
fingerprint of its parsing canonical form, so what an old release wrote stays readable for ever.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from fastavro.schema import fingerprint, to_parsing_canonical_form

from schemas.avro import Schema, current_schemas

RELEASED: Final = Path(__file__).parent / "released"


class Version(NamedTuple):
    """One version of a named schema. The number is that of its release, or the next one if it is not released yet."""

    name: str
    number: int
    schema: Schema


class Registry:
    """Every schema that may be met on the wire."""

    def __init__(self, current: Mapping[str, Schema], released: Mapping[str, Mapping[int, Schema]]) -> None:
        self.current: dict[str, Version] = {}
        self._by_fingerprint: dict[bytes, Version] = {}
        self._by_number: dict[tuple[str, int], Version] = {}
        #: Compiled code of these schemas, kept by the codecs that share this registry.
        self.code: dict[tuple[str, Any], Any] = {}
        for name, versions in released.items():
            for number in sorted(versions):
                self._add(Version(name, number, versions[number]))
        for name, schema in current.items():
            self.current[name] = self._add(Version(name, _number(schema, released.get(name, {})), schema))

    def _add(self, version: Version) -> Version:
        self._by_fingerprint[crc64(version.schema)] = version
        self._by_number[version.name, version.number] = version
        return version

    def find(self, fingerprint_bytes: bytes) -> Version | None:
        """The version with this fingerprint, as it stands on the wire; the latest when several share it."""
        return self._by_fingerprint.get(fingerprint_bytes)

    def version(self, name: str, number: int | None = None) -> Version | None:
        """A version by name and number; without a number the current one."""
        return self.current.get(name) if number is None else self._by_number.get((name, number))


def crc64(schema: Schema) -> bytes:
    """The CRC-64-AVRO (Rabin) fingerprint of a schema, least byte first as single-object encoding wants it."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


def load_released(folder: Path = RELEASED) -> dict[str, dict[int, Schema]]:
    """Every released schema of a folder: name → version number → schema.

    Errors: ``ValueError`` naming the file when its name or its JSON is wrong.
    """
    found: dict[str, dict[int, Schema]] = {}
    for path in sorted(folder.glob("*.avsc")):
        name, mark, number = path.stem.rpartition(".v")
        if not mark or not number.isdecimal() or int(number) < 1:
            raise ValueError(f"{path.name}: a released schema is called <name>.v<N>.avsc")
        try:
            found.setdefault(name, {})[int(number)] = json.loads(path.read_text("utf-8"))
        except json.JSONDecodeError as problem:
            raise ValueError(f"{path.name}: not JSON at line {problem.lineno}") from problem
    return found


@lru_cache(maxsize=1)
def load_registry() -> Registry:
    """The registry of this version of the code, made once."""
    return Registry(current_schemas(), load_released())


def _number(schema: Schema, versions: Mapping[int, Schema]) -> int:
    canonical = to_parsing_canonical_form(schema)
    same = [number for number, old in versions.items() if to_parsing_canonical_form(old) == canonical]
    return max(same, default=max(versions, default=0) + 1)
