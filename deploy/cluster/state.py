"""What a running cluster writes down of itself, so that any other process can find it, stop it or clear it away."""

import fcntl
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from deploy.cluster.process import Identity


@dataclass
class State:
    """Who keeps the cluster, and its processes by what they do (``broker 1``, ``worker 1``; guards included)."""

    owner: Identity
    kind: Literal["up", "program"]
    bootstrap: str
    ready: bool = False
    processes: dict[str, list[Identity]] = field(default_factory=dict)

    def all_processes(self) -> list[Identity]:
        """Every process but the owner, brokers last: all others are to end before them."""
        order = sorted(self.processes, key=lambda name: name.startswith("broker"))
        return [identity for name in order for identity in self.processes[name]]

    def alive(self) -> bool:
        """Tell whether the owner and every broker still run; a worker may be about to be started again."""
        brokers = [group for name, group in self.processes.items() if name.startswith("broker")]
        return self.owner.alive() and all(any(one.alive() for one in group) for group in brokers)


def read_state(path: Path) -> State | None:
    """The state that is written down, or none; a file that cannot be read as one counts as none."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told["owner"] = Identity(**told["owner"])
        told["processes"] = {
            name: [Identity(**one) for one in group] for name, group in dict(told["processes"]).items()
        }
        return State(**told)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_json(path: Path, what: dict[str, Any]) -> None:
    """Write a small file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(what, file, indent=2)
        file.write("\n")
    Path(name).replace(path)


def write_state(path: Path, state: State) -> None:
    """Write down the state."""
    write_json(path, asdict(state))


class HomeLock:
    """Held by whoever keeps a cluster in a folder; the kernel lets go of it when its holder ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> bool:
        """Take the lock; false when another process holds it."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def held_here(self) -> bool:
        """Tell whether this object holds the lock."""
        return self._handle is not None

    def release(self) -> None:
        """Let go of the lock."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
