"""The reviewed table is what the pack says, and it has an answer for every kind of event."""

import re

import pytest

from schemas.catalogue import EVENT_TYPES
from streams.core.share.transforms import TRANSFORMS
from tests.streams.core.share.packs import PACK
from tests.streams.core.share.rules_table import CLASSES, NOTHING, TABLE, outcomes, render


def test_the_committed_table_is_up_to_date() -> None:
    """A change of a rule shows as a change of this file, for the jurist to review (rules section 5.4)."""
    assert TABLE.read_text("utf-8") == render(), "python -m tests.streams.core.share.rules_table --write"


#: Rules that add nothing in any situation: whom a cleared item is released to has it by S27 already.
NOT_SHOWN = {"knowledge_item": {"REL2"}}


def _cells() -> list[str]:
    """What every receiver has of every type in every situation."""
    return [cell for name in EVENT_TYPES for row in outcomes(name).values() for cell in row]


def _occurs(word: str, cells: list[str]) -> bool:
    """Whether a rule or a mark stands in some cell."""
    return any(re.search(rf"\b{word}\b", cell) for cell in cells)


def test_every_rule_and_every_mark_shows_in_the_table() -> None:
    """So that whatever changes in the pack changes the page that a jurist reviews."""
    cells = sorted(set(_cells()))
    marks = {form.mark for form in PACK.file.marks} | {str(each.mark) for each in TRANSFORMS.values() if each.mark}
    assert [word for word in sorted((*PACK.rules, *marks)) if not _occurs(word, cells)] == []


def test_every_kind_of_receiver_has_something_in_some_situation() -> None:
    """A class that nothing ever reaches would be no test of what reaches it."""
    reached = {title for name in EVENT_TYPES for title, row in outcomes(name).items() if set(row) != {NOTHING}}
    assert reached == {each.title for each in CLASSES}


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_rules_that_share_a_type_show_in_its_part(name: str) -> None:
    """But those that ask for something which no example of the type can have."""
    cells = sorted({cell for row in outcomes(name).values() for cell in row})
    lacking = {allow.rule.id for allow in PACK.plans[name].allows if not _occurs(allow.rule.id, cells)}
    assert lacking == NOT_SHOWN.get(name, set())


ROUTED = [name for name, kind in EVENT_TYPES.items() if name not in PACK.file.control_events and not kind.bus_only]


@pytest.mark.parametrize("name", ROUTED)
def test_the_table_shows_each_type_shared_and_denied(name: str) -> None:
    """Not only on paper: in some situation somebody else receives it, and in some somebody is denied it (5.1)."""
    cells = {cell for each in CLASSES[1:] for cell in outcomes(name)[each.title]}
    assert any(cell.startswith("**no**") for cell in cells)
    assert any(cell[0] in "SB" for cell in cells - {NOTHING})
