"""The cards of archived deliveries: what a desk's own rows, links and orders come to, read around one event."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from consumers.archive.database import Database
from consumers.archive.search import View, everything
from consumers.archive.sql import parts
from consumers.archive.tables import about, desks, rows
from consumers.cards import Card
from consumers.feed import Delivery, Position, read_delivery
from consumers.folding import Cards
from consumers.folding import about as said_of
from schemas.codec import Codec

#: So many events a card is followed through. Larger ones are shown as far as that.
_MOST_EVENTS: Final = 500


class Carder:
    """Reads cards from the archive. What is hidden is on them by its id and its standing, without content."""

    def __init__(self, database: Database, codec: Codec) -> None:
        self._database = database
        self._codec = codec

    def cards(self, desk: str, event_ids: Iterable[str], view: View = everything) -> dict[str, Card]:
        """The card of each event, as what is shown of the desk's own deliveries makes it.

        Shape: a card without reports for an unknown event.
        """
        wanted = tuple(dict.fromkeys(event_ids))
        with self._database.reading() as connection:
            desk_no = connection.execute(select(desks.c.desk_no).where(desks.c.desk == desk)).scalar() or 0
            around = self._around(connection, desk, desk_no, wanted)
            folded = Cards([item for item in map(view, around) if item is not None])
        return {event_id: folded.card(event_id) for event_id in wanted}

    def _around(self, connection: Connection, desk: str, desk_no: int, wanted: tuple[str, ...]) -> list[Delivery]:
        """The deliveries of these events and of all that links and revisions lead to."""
        found: dict[int, Delivery] = {}
        seen, left = set[str](), set(wanted)
        while left and len(seen) < _MOST_EVENTS:
            seen |= left
            new = [each for part in parts(sorted(left)) for each in self._step(connection, desk, desk_no, part, found)]
            left = {event_id for item in new for event_id in _near(item)} - seen
        return list(found.values())

    def _step(
        self, connection: Connection, desk: str, desk_no: int, events: list[str], found: dict[int, Delivery]
    ) -> list[Delivery]:
        of_them = select(about.c.row_id).where(about.c.desk_no == desk_no, about.c.about_id.in_(events))
        said = list(connection.execute(of_them).scalars())
        due = rows.c.visible_ms <= int(datetime.now(UTC).timestamp() * 1000)
        here = or_(rows.c.event_id.in_(events), rows.c.supersedes.in_(events))
        new = []
        for question in (
            select(*_SHOWN).where(rows.c.desk_no == desk_no, here, due),
            *(select(*_SHOWN).where(rows.c.row_id.in_(part), due) for part in parts(said)),
        ):
            for row in connection.execute(question):
                item = self._read(desk, row) if row.row_id not in found else None
                if item is not None:
                    found[row.row_id] = item
                    new.append(item)
        return new

    def _read(self, desk: str, row: Any) -> Delivery | None:
        item = read_delivery(self._codec, desk, row.body, Position(row.kafka_partition, row.kafka_offset))
        return item if isinstance(item, Delivery) else None


_SHOWN: Final = (rows.c.row_id, rows.c.body, rows.c.kafka_partition, rows.c.kafka_offset)


def _near(item: Delivery) -> tuple[str, ...]:
    """The events that lie one step from a delivery."""
    former = item.event.get("supersedes")
    return (item.meta.event_id, *said_of(item), *((former,) if former else ()))
