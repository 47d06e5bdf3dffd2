"""The long form: ``python -m tests.quality [--events N] [--seeds A,B] [--write]`` (``make quality``)."""

import argparse
import sys
from pathlib import Path
from typing import Final

from tests.quality.making import made
from tests.quality.matching import through
from tests.quality.page import Run, page
from tests.quality.scoring import scored

PAGE: Final = Path(__file__).parents[2] / "docs" / "quality.md"


def measured(events: int, seed: int) -> Run:
    """One corpus through the bus, and its scores."""
    corpus = made(events, seed)
    return Run(seed, corpus, scored(corpus, through(corpus.tellings).pairs))


def main() -> None:
    """Print the page, or write it."""
    options = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    options.add_argument("--events", type=int, default=30_000, help="events of one corpus; a corpus is a month")
    options.add_argument("--seeds", default="11,12,13", help="one corpus for each")
    options.add_argument("--write", action="store_true", help="write docs/quality.md")
    given = options.parse_args()
    command = f"python -m tests.quality --events {given.events} --seeds {given.seeds}"
    text = page([measured(given.events, int(seed)) for seed in given.seeds.split(",")], command)
    if given.write:
        PAGE.write_text(text, "utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
