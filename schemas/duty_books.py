"""Books of duties as bytes: what is the same for many events encoded once, beside it the moments of one event."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from schemas.codec import MAX_BUS_BYTES, Codec

_MAX_TERMS: Final = 10_000
#: How many bytes stand before a book in the changelog of its lane: the log time of its last change, and the moment at
#: which something in it falls due next.
CHANGELOG_HEAD: Final = 16


class Books:
    """Reads books. Terms that many events share are decoded once."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._terms = lru_cache(maxsize=_MAX_TERMS)(self._decoded)

    def read(self, data: bytes) -> dict[str, Any]:
        """A ``DutyBook`` from its bytes, its terms still encoded. Errors: ``UndecodableError``."""
        return self._decoded(data)

    def duties(self, book: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Every duty in a book, as the fields of ``Duty`` without how it stands. Errors: ``UndecodableError``."""
        event_id = book["event_id"]
        for opened in book["opened"]:
            terms = self._terms(opened["terms"])
            common = {name: terms[name] for name in ("event_type", "origin", "pack_version", "synthetic")}
            common |= {"event_id": event_id, "revision": opened["revision"], "opened_at": opened["opened_at"]}
            shared = f"{opened['shared_id'] or event_id}:{opened['revision']}"
            for term, due_at in zip(terms["owed"], opened["due_at"], strict=True):
                owed = {name: term[name] for name in ("obligation", "text", "done_by", "each")}
                for delivery in term["owed_by"]:
                    yield {
                        **common,
                        **owed,
                        "due_at": due_at,
                        "duty_id": f"{event_id}:{delivery}:{term['obligation']}",
                        "delivery_id": f"{shared}:{delivery}",
                        "owed_by": delivery.partition(":")[0],
                    }

    def _decoded(self, data: bytes) -> dict[str, Any]:
        return self._codec.decode(data, limit=MAX_BUS_BYTES).value
