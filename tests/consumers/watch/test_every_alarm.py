"""No alarm without somebody who raises it."""

from pathlib import Path

import pytest

import consumers
from schemas.alarms import AlarmCode

#: Where the bus is judged.
_JUDGES = Path(consumers.__file__).parent


@pytest.mark.parametrize("code", AlarmCode)
def test_every_alarm_is_raised_by_a_part_of_the_watch_or_by_the_verdict(code: AlarmCode) -> None:
    """An alarm that nothing raises would promise what nobody looks at."""
    places = [_JUDGES / "health.py", *(_JUDGES / "watch").glob("*.py"), *(_JUDGES / "console").glob("*.py")]
    assert any(f"AlarmCode.{code}" in place.read_text("utf-8") for place in places)
