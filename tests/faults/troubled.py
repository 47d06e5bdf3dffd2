"""A worker in which one thing stands still on command: ``python -m tests.faults.troubled KIND BOOTSTRAP KEYS TRIGGER``.

It works until the file TRIGGER is there. A worker from the command line can only be stopped as a whole, and then its
watchdog stands still too; what must be noticed is that a part of it does.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from streams.engine import lane, transport
from streams.engine.intake_step import IntakeStep
from streams.engine.progress import Patience
from streams.engine.settings import Settings
from streams.engine.worker import run

#: By kind, how long the worker bears it. Only what is under test is quick: the machine may be busy.
PATIENCE: Final = {
    "loop": replace(Patience(), loop_s=6.0),
    "lane": replace(Patience(), lane_s=8.0),
    "fetch": replace(Patience(), fetch_s=8.0, look_s=1.0),
    "commit": replace(Patience(), commit_s=20.0),
    "poison": Patience(),
}


def block_the_loop(trigger: Path) -> None:
    """A step that never comes back holds the loop."""
    decide = IntakeStep.__call__

    def stuck(self: IntakeStep, *arguments: Any) -> None:
        while trigger.exists():
            time.sleep(0.1)
        decide(self, *arguments)

    IntakeStep.__call__ = stuck  # type: ignore[method-assign, assignment]


def hang_the_lanes(trigger: Path) -> None:
    """A lane that waits for what never comes holds only itself."""
    turn, there = lane.Lane._take_turn, trigger.exists

    async def stuck(self: lane.Lane, cycle: lane.Cycle) -> bool:
        while there():
            await asyncio.sleep(0.1)
        return await turn(self, cycle)

    lane.Lane._take_turn = stuck  # type: ignore[method-assign]


def stall_the_fetch(trigger: Path) -> None:
    """A consumer that asks for nothing more, as in faust-streaming issue 629."""
    fetch, there = transport.BatchThread._fetch_records, trigger.exists

    async def stuck(self: transport.BatchThread, *arguments: Any, **named: Any) -> Any:
        if there():
            await asyncio.sleep(0.1)
            return {}
        return await fetch(self, *arguments, **named)

    transport.BatchThread._fetch_records = stuck  # type: ignore[method-assign]


def poison_the_step(trigger: Path) -> None:
    """A step that fails on whatever comes as long as the trigger is there."""
    decide = IntakeStep.__call__

    def raising(self: IntakeStep, *arguments: Any) -> None:
        if trigger.exists():
            raise ZeroDivisionError
        decide(self, *arguments)

    IntakeStep.__call__ = raising  # type: ignore[method-assign, assignment]


def leave_alone(trigger: Path) -> None:
    """What is in trouble is the broker, from outside."""


_TROUBLE: Final[Mapping[str, Callable[[Path], None]]] = {
    "loop": block_the_loop,
    "lane": hang_the_lanes,
    "fetch": stall_the_fetch,
    "poison": poison_the_step,
    "commit": leave_alone,
}


def main() -> int:
    """Run it."""
    kind, bootstrap, keys, trigger = sys.argv[1:]
    _TROUBLE[kind](Path(trigger))
    kafka = {"bootstrap_servers": bootstrap}
    return run(Settings(kafka=kafka, match_keys=Path(keys), patience=PATIENCE[kind]))


if __name__ == "__main__":
    sys.exit(main())
