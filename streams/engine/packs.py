"""The rule packs of a worker's process: the one that it started with, and those activated since, compiled once each."""

from typing import Final

from pydantic import ValidationError

from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.gazetteer import Gazetteer
from schemas.records import PackRecord
from streams.core.share import Pack
from streams.core.share.bundle import open_bundle

#: Under which a lane keeps the record that its running pack came by.
PACK_KEY: Final = b"\0p"
#: Packs that are kept compiled: the running one, the one before, and one that is just looked at.
_KEPT: Final = 4


class Packs:
    """Compiled packs by the digest of their bundle.

    Shape: ``first`` is the pack that decides until another is activated, ``first_digest`` its bundle's digest.
    """

    def __init__(self, codec: Codec, gazetteer: Gazetteer, first: Pack, first_digest: str | None = None) -> None:
        self.gazetteer = gazetteer
        self.first = first
        self.first_digest = first_digest
        self._codec = codec
        self._compiled: dict[str, Pack] = {}

    def read(self, value: bytes) -> PackRecord | None:
        """A pack record from its bytes; None when they are none."""
        try:
            decoded = self._codec.decode(value, limit=MAX_BUS_BYTES)
            return PackRecord.model_validate(decoded.value) if decoded.name == "pack_record" else None
        except (UndecodableError, ValidationError):
            return None

    def of(self, value: bytes) -> Pack:
        """The pack of a record that was let through before. Errors: ``PackError`` when it does not load any more."""
        record = self.read(value)
        if record is None:
            raise LookupError("the record of the running pack cannot be read")
        found = self._compiled.get(record.digest)
        return found if found is not None else self.adopt(record.digest, open_bundle(record.bundle, self.gazetteer))

    def adopt(self, digest: str, pack: Pack) -> Pack:
        """Keep a compiled pack for the lanes that will change to it."""
        while len(self._compiled) >= _KEPT:
            self._compiled.pop(next(iter(self._compiled)))
        self._compiled[digest] = pack
        return pack
