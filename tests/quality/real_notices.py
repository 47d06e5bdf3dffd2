"""What the bus joins of the police's open notices: ``python -m tests.quality.real_notices FILE [--texts | --write]``.

The file is the open API's form, one version of a notice a line, as ``sambus publish --format polisen`` takes it. It is
not part of this project; the list of joins names notices by number, kind, place and time.
"""

import gzip
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from producers.polisen import Notices
from schemas.gazetteer import load_gazetteer
from tests.docs.tables import table
from tests.quality.labels import Body, Ends, Telling
from tests.quality.matching import Said, Story, through
from tests.quality.scoring import JOINS, together

PAGE: Final = Path(__file__).parents[2] / "docs" / "quality-notices.md"
DESK: Final = "se.noa/investigation"


class Run(NamedTuple):
    """Notices that went through the bus, and what came of them.

    Shape: ``notices`` are the lines by matter, their first version; ``revisions`` counts later versions of a number.
    """

    lines: int
    notices: dict[str, dict[str, Any]]
    revisions: int
    joined_revisions: int
    story: Story

    @property
    def cards(self) -> list[list[str]]:
        """The matters of each card that holds more than one, oldest first."""
        joins = together(ends for ends, said in self.story.pairs.items() if said.relation in JOINS)
        with_others: dict[str, set[str]] = {}
        for ends in joins:
            for matter in ends:
                with_others.setdefault(matter, set()).update(ends)
        cards = {frozenset(each) for each in with_others.values()}
        return sorted(sorted(card, key=self._when) for card in cards)

    def _when(self, matter: str) -> tuple[str, str]:
        return str(self.notices[matter]["datetime"]), matter


def run(lines: Iterable[dict[str, Any]]) -> Run:
    """Take notices through the core in the order in which their versions were seen."""
    mapping = Notices(load_gazetteer())
    tellings: list[Telling] = []
    notices: dict[str, dict[str, Any]] = {}
    first: dict[int, str] = {}
    told: set[str] = set()
    count = 0
    for line in lines:
        count += 1
        body = mapping.event(line)
        if not isinstance(body, dict) or str(body["event_id"]) in told:
            continue
        told.add(str(body["event_id"]))
        matter = first.setdefault(line["id"], str(body["event_id"]))
        notices.setdefault(matter, line)
        tellings.append(_telling(body, line, matter, len(tellings)))
    story = through(tellings)
    later = [telling for telling in tellings if telling.revises]
    return Run(count, notices, len(later), sum(_is_revision(telling, story) for telling in later), story)


def _is_revision(telling: Telling, story: Story) -> bool:
    """Whether the bus took a later version for one of its notice, or joined it to one though its type is another."""
    matters = {str(UUID(bytes=each.event_id)): each.matter for each in story.sightings}
    if matters[telling.event_id] == matters[telling.matter]:
        return True
    return any(telling.event_id in ends and said.relation in JOINS for ends, said in story.versions.items())


def _telling(body: Body, line: dict[str, Any], matter: str, number: int) -> Telling:
    seen = datetime.fromisoformat(str(line["seen_at"])) + timedelta(milliseconds=number)
    event_id = str(body["event_id"])
    return Telling(body, DESK, seen, matter if matter != event_id else None)


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a file, packed or not."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [orjson.loads(line) for line in data.splitlines() if line.strip()]


def page(made: Run, command: str) -> str:
    """The list of all joins, for reading."""
    pairs = made.story.pairs
    joins = {ends: said for ends, said in pairs.items() if said.relation in JOINS}
    links = {ends: said for ends, said in pairs.items() if said.relation not in JOINS}
    days = sorted(str(line["datetime"])[:10] for line in made.notices.values())
    cards = Counter(len(card) for card in made.cards)
    told = ", ".join(f"{count} of {size}" for size, count in sorted(cards.items()))
    return f"""# The police's open notices, joined

What the bus makes of {made.lines:,} lines of the police's open notices, {days[0]} to {days[-1]}:
{len(made.notices):,} notices and {made.revisions} later versions of them. The notices are not part of this project.
Made by `{command}`.

- {made.joined_revisions} of {made.revisions} later versions became revisions of their notice.
- {len(joins)} pairs are joined, on {sum(cards.values())} cards ({told or "none"} notices).
- By kind: {_kinds(made, joins)}.
- {len(links)} pairs are linked only.
- {_summaries(made)}

## Joined

{_listed(made, joins)}

## Linked

{_listed(made, links)}
"""


def _kinds(made: Run, pairs: dict[Ends, Said]) -> str:
    """How many pairs of each published kind; offices' words to the press and the public are most of them."""
    counts = Counter(" and ".join(sorted({str(made.notices[m]["type"]) for m in ends})) for ends in pairs)
    return ", ".join(f"{kind} {count}" for kind, count in counts.most_common()) or "none"


def _summaries(made: Run) -> str:
    """What became of the summaries of evenings and nights, which look alike everywhere."""
    kind = "Sammanfattning"
    all_of_them = {matter for matter, line in made.notices.items() if str(line["type"]).startswith(kind)}
    joined = {matter for card in made.cards for matter in card} & all_of_them
    return f"{len(all_of_them):,} are summaries of an evening or night; {len(joined)} of them are joined to anything."


def _listed(made: Run, pairs: dict[Ends, Said]) -> str:
    rows = []
    for ends, said in pairs.items():
        one, other = (made.notices[matter] for matter in sorted(ends, key=lambda m: str(made.notices[m]["datetime"])))
        rows.append((_named(one), _named(other), said.relation, f"{said.score:.2f}", ", ".join(said.features)))
    return table(("one", "other", "relation", "score", "what agrees"), sorted(rows)) if rows else "None."


def _named(line: dict[str, Any]) -> str:
    """A notice by its number, kind, place and time; its text stays where it was published."""
    where = str(line["name"]).rsplit(",", 1)[-1].strip()
    return f"{line['id']}: {line['type']}, {where} ({line['location']['name']}), {str(line['datetime'])[:16]}"


def texts(made: Run) -> str:
    """Each joined or linked pair with its texts, for whoever has the file anyway."""
    told = []
    for ends, said in made.story.pairs.items():
        told.append(f"--- {said.relation} {said.score} {', '.join(said.features)}")
        told += [f"  {n['id']} {n['name']} | {n['summary']}" for n in (made.notices[m] for m in sorted(ends))]
    return "\n".join(told)


def main() -> None:
    """Tell what became of a file of notices."""
    path = Path(sys.argv[1])
    made = run(read(path))
    if "--texts" in sys.argv:
        sys.stdout.write(texts(made) + "\n")
    elif "--write" in sys.argv:
        PAGE.write_text(page(made, "python -m tests.quality.real_notices FILE --write"), "utf-8")
    else:
        sys.stdout.write(page(made, "python -m tests.quality.real_notices FILE"))


if __name__ == "__main__":
    main()
