"""What every part of the gateway is given: how to reach the bus, who can tell who asks, and where to keep things."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.gazetteer import Gazetteer, load_gazetteer
from schemas.identity import Authenticator


@dataclass(frozen=True)
class Context:
    """One gateway's surroundings.

    Shape: ``kafka`` are aiokafka's connection options; ``areas`` the delivery areas whose desks it serves
    (``schemas.topics.delivery_areas``); ``folder`` is where parts may keep files, each in a folder of its own name;
    ``issuer`` is where pages send people to sign in, ``address`` where browsers reach this gateway.
    """

    kafka: Mapping[str, Any]
    authenticator: Authenticator
    areas: tuple[str, ...]
    folder: Path
    issuer: str | None = None
    address: str = "http://127.0.0.1:29180"
    gazetteer: Gazetteer = field(default_factory=load_gazetteer)
