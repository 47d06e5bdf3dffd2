"""The reviewed table is what the pack says."""

from tests.streams.core.share.rules_table import TABLE, render


def test_the_committed_table_is_up_to_date() -> None:
    """A change of a rule shows as a change of this file, for the jurist to review (rules section 5.4)."""
    assert TABLE.read_text("utf-8") == render(), "python -m tests.streams.core.share.rules_table --write"
