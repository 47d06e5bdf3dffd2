"""The archive's tables. The same in SQLite and PostgreSQL; only the index of terms differs (``indices.py``).

Times are whole milliseconds since 1970, UTC. No table has a foreign key to a person: persons stand in the deliveries'
own bytes, and as keyed digests in ``archive_persons``, from which they can be taken without touching the delivery.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

metadata: Final = MetaData()
#: The readings stand by themselves: with SQLite in a file of their own, so that a search waits for no filling.
reads_metadata: Final = MetaData()

#: In SQLite only a column of exactly this type is the row's own number.
_ROW: Final = BigInteger().with_variant(Integer, "sqlite")

versions: Final = Table("archive_version", metadata, Column("version", Integer, primary_key=True))

desks: Final = Table(
    "archive_desks",
    metadata,
    Column("desk_no", Integer, primary_key=True, autoincrement=True),
    Column("desk", Text, nullable=False, unique=True),
    Column("last_seq", BigInteger, nullable=False),
)

rows: Final = Table(
    "archive_rows",
    metadata,
    Column("row_id", _ROW, primary_key=True, autoincrement=False),
    Column("desk_no", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("view_group", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("origin_unit", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("published_ms", BigInteger, nullable=False),
    Column("occurred_ms", BigInteger),
    Column("occurred_to_ms", BigInteger),
    Column("visible_ms", BigInteger, nullable=False),  # not shown before: a delivery that is held back
    Column("due_ms", BigInteger),  # to be erased from then on
    Column("hold", Boolean, nullable=False),
    Column("supersedes", Text),
    Column("superseded_by", Text),
    Column("standing", Text, nullable=False),
    Column("hidden_ms", BigInteger),  # since when an order hides it
    Column("kafka_partition", Integer, nullable=False),
    Column("kafka_offset", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the delivery as it came, byte for byte
    Column("terms", TSVECTOR().with_variant(Text, "sqlite")),
    UniqueConstraint("desk_no", "event_id", "revision", "view_group", name="archive_rows_once"),
    Index(
        "archive_rows_due",
        "due_ms",
        sqlite_where=text("due_ms is not null"),
        postgresql_where=text("due_ms is not null"),
    ),
    Index(
        "archive_rows_supersedes",
        "supersedes",
        "desk_no",
        sqlite_where=text("supersedes is not null"),
        postgresql_where=text("supersedes is not null"),
    ),
)

#: The times in each block of a desk's deliveries: a search for a span passes over the blocks that lie outside it.
blocks: Final = Table(
    "archive_blocks",
    metadata,
    Column("block", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("occurred_from_ms", BigInteger),
    Column("occurred_to_ms", BigInteger),
    Column("published_from_ms", BigInteger, nullable=False),
    Column("published_to_ms", BigInteger, nullable=False),
)

#: Which deliveries say something of other events: links, orders, pointers, releases, feedback.
about: Final = Table(
    "archive_about",
    metadata,
    Column("desk_no", Integer, primary_key=True, autoincrement=False),
    Column("about_id", Text, primary_key=True),
    Column("row_id", _ROW, primary_key=True, autoincrement=False),
)

#: Persons who may be searched for, and in which case; taken away when the law ends that.
persons: Final = Table(
    "archive_persons",
    metadata,
    Column("desk_no", Integer, primary_key=True, autoincrement=False),
    Column("person", LargeBinary, primary_key=True),
    Column("row_id", _ROW, primary_key=True, autoincrement=False),
    Column("matter", LargeBinary),
    Index("archive_persons_matter", "desk_no", "matter"),
    Index("archive_persons_row", "row_id"),
)

#: Matters that ended without a conviction: what comes later of them makes nobody searchable either.
ended: Final = Table(
    "archive_ended",
    metadata,
    Column("desk_no", Integer, primary_key=True, autoincrement=False),
    Column("matter", LargeBinary, primary_key=True),
)

#: What orders say of a desk's events, whether their targets have come or not.
orders: Final = Table(
    "archive_orders",
    metadata,
    Column("desk_no", Integer, primary_key=True, autoincrement=False),
    Column("target_id", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("own", Boolean, nullable=False),  # the publisher's own copy: holds only for what it may correct
    Column("delivery_id", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("confirm_by_ms", BigInteger),
    Index("archive_orders_target", "target_id"),
)

positions: Final = Table(
    "archive_positions",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    Column("moved_ms", BigInteger, nullable=False),
)

#: What could not be read, and what retention removed before it was: nothing is passed over in silence.
faults: Final = Table(
    "archive_faults",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("first_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("offsets", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

exports: Final = Table(
    "archive_exports",
    metadata,
    Column("export_id", Text, primary_key=True),
    Column("desk_no", Integer, nullable=False),
    Column("desk", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("ground", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("case_ref", Text),
    Column("format", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("handling", Text, nullable=False),
    Column("tlp", Text, nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Index("archive_exports_desk", "desk_no", "made_ms"),
)

export_items: Final = Table(
    "archive_export_items",
    metadata,
    Column("export_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("view_group", Text, primary_key=True),
    Column("desk_no", Integer, nullable=False),
    Column("released_by", Text),  # the release decision that let it through, if one had to
    Index("archive_export_items_event", "desk_no", "event_id"),
)

#: Orders that reached an export: the desk confirms that its receiver was told and the file dealt with.
export_orders: Final = Table(
    "archive_export_orders",
    metadata,
    Column("export_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("desk_no", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("delivery_id", Text, nullable=False),
    Column("told_ms", BigInteger, nullable=False),
    Column("confirm_by_ms", BigInteger, nullable=False),
    Column("confirmed_ms", BigInteger),
    Column("confirmed_by", Text),
    Index("archive_export_orders_desk", "desk_no", "confirmed_ms"),
)

reads: Final = Table(
    "archive_reads",
    reads_metadata,
    Column("read_no", _ROW, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("desk", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("case_digest", Text),
    Column("kind", Text, nullable=False),
    Column("terms_digest", Text, nullable=False),
    Column("hits", Integer, nullable=False),
    Index("archive_reads_at", "at_ms"),
)
