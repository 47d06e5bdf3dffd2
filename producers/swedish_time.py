"""Times as the police's open notices write them: the API's own form, and Swedish dates in words."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")

_MONTHS = {
    "januari": 1,
    "februari": 2,
    "mars": 3,
    "april": 4,
    "maj": 5,
    "juni": 6,
    "juli": 7,
    "augusti": 8,
    "september": 9,
    "oktober": 10,
    "november": 11,
    "december": 12,
}
#: A notice is written soon after the event; a name without a year that lies further back is misread.
_NOTICED_WITHIN = timedelta(days=183)
#: Years that a notice can be of: outside, a date is a slip, and a UUIDv7 cannot hold it.
_YEARS = range(1970, 2200)
_PUBLISHED = re.compile(
    r"^(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$"
)
_NAMED = re.compile(r"^(\d{1,2}) ([a-zåäö]+)(?: (\d{4}))? (?:kl\.? ?)?(\d{1,2})[.:](\d{2})\b", re.IGNORECASE)


def published_at(text: str) -> datetime | None:
    """The API's time, ``2026-06-22 21:29:11 +02:00`` with or without padding; without an offset it is Swedish time."""
    match = _PUBLISHED.match(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if year not in _YEARS:
        return None
    try:
        offset = datetime.strptime(match[7].replace("Z", "+0000"), "%z").tzinfo if match[7] else STOCKHOLM
        return datetime(year, month, day, hour, minute, second, tzinfo=offset).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def happened_at(name: str, published: datetime) -> datetime | None:
    """The time that a notice's name begins with (``22 juni 20.48, …``), Swedish time, in the year that fits.

    None when the name has no such time, or one after the notice's own: then only the notice's time is known.
    """
    match = _NAMED.match(name)
    month = _MONTHS.get(match[2].lower()) if match else None
    if match is None or month is None:
        return None
    local = published.astimezone(STOCKHOLM)
    for year in [int(match[3])] if match[3] else [local.year, local.year - 1]:
        try:
            happened = datetime(year, month, int(match[1]), int(match[4]), int(match[5]), tzinfo=STOCKHOLM)
        except ValueError:
            continue
        if timedelta(0) <= local - happened <= _NOTICED_WITHIN:
            return happened.astimezone(UTC)
    return None
