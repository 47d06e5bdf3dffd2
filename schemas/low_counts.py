"""Low counts in metrics (små tal): what is left out or told in steps, so that no figure points at one operation.

A metric is looked at again and again, so a figure that grows by one tells of one event and its moment. What is told of
an area or a rule therefore grows in steps, and says nothing before the first. Source: docs/adr/0028.
"""

from collections.abc import Mapping

from schemas.suppression import SMALLEST, Of, left_out

#: Stands for the whole country: an area's counts are part of its.
_WHOLE = "se"


def coarse(count: int) -> int:
    """A count in steps of the smallest number that may be shown."""
    return count - count % SMALLEST


def by_area(counts: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """What may be told of counts by area and code, of which the sums over all areas are known.

    Shape: (area, code) → count. A small count is left out, and with it as many others as it takes that none follows
    from the sums (``schemas/suppression.py``); what is left goes in steps.
    """
    numbers: dict[Of, int | None] = {}
    for (area, code), count in counts.items():
        numbers["", f"{_WHOLE}.{area}", code] = count
        numbers["", _WHOLE, code] = (numbers.get(("", _WHOLE, code)) or 0) + count
    hidden = left_out(numbers)
    return {
        (area, code): coarse(count)
        for (area, code), count in counts.items()
        if ("", f"{_WHOLE}.{area}", code) not in hidden and count
    }
