"""Reading the figures of situation pictures as they stand: the last row of each area, theme and window."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from consumers.bus import TopicMissingError, administrator, committed_reader, everything, topics_of
from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.pictures import FigureLine, PictureRow
from schemas.small_numbers import suppressed
from schemas.topics import FIGURES

_FETCH_BYTES: Final = 4 * 1024 * 1024


async def picture_rows(options: Mapping[str, Any], codec: Codec) -> list[PictureRow]:
    """Every row, by area, theme and the length of its window.

    Errors: ``BusUnreachableError``, ``TopicMissingError``. A record that cannot be read is passed over.
    """
    async with administrator(options) as admin:
        places = (await topics_of(admin)).get(FIGURES)
    if not places:
        raise TopicMissingError(FIGURES)
    latest: dict[bytes, bytes] = {}
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        async for record in everything(reader, places):
            if record.value is None:  # nothing is left to tell
                latest.pop(record.key, None)
            else:
                latest[record.key] = record.value
    return read_rows(latest.values(), codec)


def read_rows(values: Iterable[bytes], codec: Codec) -> list[PictureRow]:
    """Rows from their bytes, sorted."""
    rows = []
    for value in values:
        try:
            rows.append(PictureRow.model_validate(codec.decode(value, limit=MAX_BUS_BYTES).value))
        except (UndecodableError, ValidationError):
            continue
    return sorted(rows, key=lambda row: (row.area, row.theme, row.ends_at - row.starts_at, row.synthetic))


def without_small_numbers(rows: Iterable[PictureRow]) -> list[PictureRow]:
    """The rows as they may be shown where small numbers are left out. All areas of a window are seen together."""
    groups: dict[tuple[str, str, bool], list[PictureRow]] = {}
    for row in rows:
        groups.setdefault((row.theme, row.window, row.synthetic), []).append(row)
    found: list[PictureRow] = []
    for group in groups.values():
        figures = suppressed(
            [{"area": row.area, **line.model_dump(mode="python")} for row in group for line in row.figures]
        )
        for row in group:
            own = [
                {name: value for name, value in each.items() if name != "area"}
                for each in figures
                if each["area"] == row.area
            ]
            found.append(row.model_copy(update={"figures": [FigureLine.model_validate(each) for each in own]}))
    return found
