"""What every part of the gateway is given: how to reach the bus, who can tell who asks, and where to keep things."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from producers.http.durable import DurableSpool
from producers.http.limits import Limits
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer, load_gazetteer
from schemas.identity import Authenticator
from schemas.pausing import Pausing, load_pausing
from schemas.sealing import Seals
from schemas.traces import Tracer


class ArchivePlace(NamedTuple):
    """The database of the archive, and the file of its key."""

    url: str
    key: Path


@dataclass(frozen=True)
class Context:
    """One gateway's surroundings.

    Shape: ``kafka`` are aiokafka's connection options; ``areas`` the delivery areas whose desks it serves
    (``schemas.topics.delivery_areas``); ``folder`` is where parts may keep files, each in a folder of its own name;
    ``archive`` is where deliveries are kept to be found again, if they are; ``spool`` takes events while the bus is
    away, if there is one; ``auditing`` are aiokafka's options of a user who may read the read log; ``issuer`` is
    where pages send people to sign in, as the client ``client_id`` (with a secret, if it is no public one);
    ``address`` is where browsers reach this gateway; ``http`` asks other servers; ``limits`` bound what comes in;
    ``pausing`` is beyond which limit a desk that fills quarantine waits; ``tracer`` follows events through the
    gateway, if any are followed; ``seals`` encrypt events that hold sealed fields.
    """

    kafka: Mapping[str, Any]
    authenticator: Authenticator
    areas: tuple[str, ...]
    folder: Path
    http: httpx.AsyncClient
    issuer: str | None = None
    archive: ArchivePlace | None = None
    spool: DurableSpool | None = None
    auditing: Mapping[str, Any] | None = field(default=None, repr=False)
    client_id: str = "sambus-page"
    client_secret: str | None = field(default=None, repr=False)
    address: str = "http://127.0.0.1:29180"
    limits: Limits = field(default_factory=Limits)
    pausing: Pausing = field(default_factory=load_pausing)
    gazetteer: Gazetteer = field(default_factory=load_gazetteer)
    tracer: Tracer | None = None
    seals: Seals | None = None

    @property
    def codec(self) -> Codec:
        """A codec that seals what is published, and opens it for whoever published it."""
        return Codec(seals=self.seals)
