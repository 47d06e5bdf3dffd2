"""A file of the police's open notices through a running bus, twice: ``python -m tests.flow.notices FILE``."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from schemas.topics import DECISIONS
from tests.bus import CODEC, Books, Bus, committed

PUBLISHER = "se.noa/investigation"


async def twice(bootstrap: str, home: Path, notices: Path) -> tuple[Books, Books, list[float]]:
    """Publish the file, settle, publish it again, settle; the books after each, and the seconds each took."""
    async with Bus(bootstrap, home) as bus:
        taken = []
        books = []
        lines = 0
        for _ in range(2):
            started = time.monotonic()
            lines += await asyncio.to_thread(_publish, bootstrap, notices)
            books.append(await bus.settled(lines, within=180))
            taken.append(time.monotonic() - started)
        return books[0], books[1], taken


def _publish(bootstrap: str, notices: Path) -> int:
    command = [sys.executable, "-m", "deploy.cli", "publish", str(notices), "--as", PUBLISHER, "--format", "polisen"]
    done = subprocess.run([*command, "--json", "--bootstrap", bootstrap], capture_output=True, text=True, check=True)
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return int(summary["summary"]["taken"])


async def outcomes(bus_options: dict[str, Any]) -> tuple[Counter[str], Counter[int], int]:
    """From the ledger: events by type, by revision, and how many reached no desk but their publisher's."""
    types: Counter[str] = Counter()
    revisions: Counter[int] = Counter()
    alone = 0
    async for record in committed(bus_options, (DECISIONS,)):
        decision = CODEC.decode(record.value or b"").value
        if decision["outcome"] in {"shared", "origin_only"}:
            types[decision["event_type"]] += 1
            revisions[decision["revision"]] += 1
            alone += decision["outcome"] == "origin_only"
    return types, revisions, alone


def main() -> None:
    """Print what became of the notices."""
    notices = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="sambus-notices-") as folder:
        home = Path(folder)
        with LocalCluster(home / "kafka", port=free_port()) as cluster:
            first, second, seconds = asyncio.run(twice(cluster.bootstrap, home, notices))
            types, revisions, alone = asyncio.run(outcomes({"bootstrap_servers": cluster.bootstrap}))
    for name, books in (("first", first), ("second", second)):
        told = {"decided": sum(books.decided.values()), "quarantined": sum(books.quarantined.values())}
        told |= {"dropped": sum(books.dropped.values()), "deliveries": sum(books.delivered.values())}
        sys.stdout.write(f"after the {name} time: {told}, codes {dict(books.codes)}\n")
    sys.stdout.write(f"types {dict(types)}, revisions {dict(sorted(revisions.items()))}, with nobody else {alone}\n")
    sys.stdout.write(f"seconds {[round(s, 1) for s in seconds]}\n")


if __name__ == "__main__":
    main()
