"""What a worker needs to know: where Kafka is, what it is called, and the bounds of a cycle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.admission import CLOCK_SKEW, ID_WINDOW
from schemas.pausing import Pausing, load_pausing
from schemas.schema_ids import SchemaIds
from schemas.traces import Tracer
from streams.engine.progress import Patience

#: The consumer group and the prefix of every transactional id.
GROUP = "sambus"
#: A worker looks anew so often who leads what it reads. By itself aiokafka asks a broker that leads no more where a
#: partition begins, again and again, until the next look: after five minutes by default, and meanwhile it fetches
#: nothing from that broker.
LOOKS_ANEW_MS = 2_000


@dataclass(frozen=True)
class Settings:
    """Settings of one worker.

    Units: milliseconds and seconds as named; ``kafka`` holds the keyword options of an aiokafka client.
    """

    kafka: Mapping[str, Any]
    group: str = GROUP
    #: A name that stays over restarts lets a quick restart pass without a rebalance (static membership).
    instance: str | None = None
    #: How long a refused request of a transaction waits before it is tried again.
    retry_backoff_ms: int = 5
    #: Most records that one transaction gathers from each topic.
    cycle_records: int = 2000
    #: A transaction takes in no more routine work above this many outputs: flash waits for the one under way.
    cycle_outputs: int = 8000
    #: Fetching of a partition pauses above this many waiting records, and goes on below a quarter of it.
    backlog_records: int = 4000
    session_timeout_s: float = 10.0
    heartbeat_interval_s: float = 2.0
    #: The broker aborts a transaction that is open longer: it bounds how long readers wait for a dead worker.
    transaction_timeout_ms: int = 20_000
    #: How long an id and a natural key are remembered: as long as an id is accepted, which may run ahead a little.
    memory: timedelta = ID_WINDOW + CLOCK_SKEW
    #: Topics that units with their own Kafka access write; the topic's name proves the unit.
    own_access_units: tuple[str, ...] = ()
    #: Desks with their own Kafka access: their deliveries go to their own topics.
    own_access_desks: tuple[str, ...] = ()
    #: The folder of the pack that decides until another is activated; None is the one that the package carries.
    rules: Path | None = None
    #: Whether events that hold sealed fields are encrypted; off while workers run that cannot read such events.
    sealing: bool = True
    #: The file of the keys under which references are compared; the same for all workers, and none runs without it.
    match_keys: Path | None = None
    #: Where snapshots of the lanes' states are kept between restarts; None reads the changelogs whole instead.
    snapshots: Path | None = None
    #: The registry by whose ids records may be framed, and deliveries are; None knows single-object encoding alone.
    ids: SchemaIds | None = None
    #: Beyond which limit a unit's own intake topic waits instead of filling quarantine.
    pausing: Pausing = field(default_factory=load_pausing)
    #: Follows events through the worker; None follows none.
    tracer: Tracer | None = None
    #: How long a lane, a commit, a fetch or the loop may stand still before the worker ends.
    patience: Patience = field(default_factory=Patience)
    report_every_s: float = 10.0
    labels: Mapping[str, str] = field(default_factory=dict)
