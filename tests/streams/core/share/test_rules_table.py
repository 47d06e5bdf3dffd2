"""The reviewed table is what the pack says, and it has an answer for every kind of event."""

import pytest

from schemas.catalogue import EVENT_TYPES
from tests.streams.core.share.packs import PACK
from tests.streams.core.share.rules_table import CLASSES, NOTHING, TABLE, outcomes, render


def test_the_committed_table_is_up_to_date() -> None:
    """A change of a rule shows as a change of this file, for the jurist to review (rules section 5.4)."""
    assert TABLE.read_text("utf-8") == render(), "python -m tests.streams.core.share.rules_table --write"


ROUTED = [name for name, kind in EVENT_TYPES.items() if name not in PACK.file.control_events and not kind.bus_only]


@pytest.mark.parametrize("name", ROUTED)
def test_the_table_shows_each_type_shared_and_denied(name: str) -> None:
    """Not only on paper: in some situation somebody else receives it, and in some somebody is denied it (5.1)."""
    cells = {cell for each in CLASSES[1:] for cell in outcomes(name)[each.title]}
    assert any(cell.startswith("**no**") for cell in cells)
    assert any(cell[0] in "SB" for cell in cells - {NOTHING})
