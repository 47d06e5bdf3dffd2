"""Ids of what the bus tells of its own accord: notices of what is owed, questions to originators."""

from datetime import datetime
from secrets import token_hex


def notice_id(now: datetime) -> str:
    """A UUIDv7 of that moment. Its other bits are chance: from a digest of what it is about, others could find it."""
    made, noise = f"{int(now.timestamp() * 1000):012x}", token_hex(10)
    return f"{made[:8]}-{made[8:]}-7{noise[:3]}-{'89ab'[int(noise[3], 16) % 4]}{noise[4:7]}-{noise[7:19]}"
