"""The durable spool of a gateway, as its command names it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.cluster.errors import ClusterError
from producers.http.durable import DurableSpool
from producers.spool import MIB, Spool, SpoolError
from producers.spool_keys import SpoolKeysError, keys_from_environment

_REMEDY = "See --spool, and `sambus spool key make`."


def spool_of(options: Mapping[str, Any], folder: Path | None, room: int) -> DurableSpool | None:
    """The spool in a folder, none without one. Units: ``room`` in MiB.

    Errors: ``ClusterError`` without keys, and when the folder cannot be used: before the gateway says that it answers.
    """
    if folder is None:
        return None
    try:
        spool = Spool(folder, keys_from_environment(), max_bytes=room * MIB)
    except (SpoolKeysError, SpoolError) as problem:
        raise ClusterError(str(problem), _REMEDY, exit_code=2) from None
    return DurableSpool(options, spool)
