"""The log of readings: who asked what kind of question for which purpose, and never with which words.

Every search and every row that is shown is logged before its answer is given (brottsdataförordningen 2018:1202 3:4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from consumers.archive.asker import Asker
from consumers.archive.digests import Digests
from consumers.archive.rows import moment
from consumers.archive.tables import reads


@dataclass(frozen=True, slots=True)
class Read:
    """One line of the log. Digests are keyed: they can be compared with a question that is known, and not read."""

    at: datetime
    subject: str
    desk: str
    purpose: str
    case_digest: str | None
    kind: str
    terms_digest: str
    hits: int


class ReadLog:
    """Writes and reads the log of readings."""

    def __init__(self, engine: Engine, digests: Digests) -> None:
        self._engine = engine
        self._digests = digests

    def write(
        self, asker: Asker, kind: str, told: str, hits: int, *, purpose: str, case_ref: str | None, at_ms: int
    ) -> None:
        """Log one reading, for good: a line that cannot be written is an error, and no answer is given."""
        line = {
            "at_ms": at_ms,
            "subject": asker.subject,
            "desk": asker.desk,
            "purpose": purpose,
            "case_digest": None if case_ref is None else self._digests.matter(case_ref).hex(),
            "kind": kind,
            "terms_digest": self._digests.terms(told),
            "hits": hits,
        }
        with self._engine.connect() as connection, connection.begin():
            connection.execute(reads.insert().values(line))

    def of(self, desk: str, since_ms: int = 0) -> Iterator[Read]:
        """A desk's readings, oldest first, for whoever supervises it."""
        question = select(reads).where(reads.c.desk == desk, reads.c.at_ms >= since_ms).order_by(reads.c.read_no)
        with self._engine.connect() as connection:
            found = connection.execute(question).all()
        for line in found:
            yield Read(
                at=moment(line.at_ms),
                subject=line.subject,
                desk=line.desk,
                purpose=line.purpose,
                case_digest=line.case_digest,
                kind=line.kind,
                terms_digest=line.terms_digest,
                hits=line.hits,
            )
