"""The cards of a desk as they stand now: its feed, read to the end and folded."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from consumers.feed import Delivery, Feed, Since
from consumers.folding import Cards
from schemas.codec import Codec

#: Deliveries are kept so long.
KEPT = timedelta(days=7)


async def cards_of(
    options: Mapping[str, Any], desk: str, since: Since = KEPT, *, own_topic: bool = False, codec: Codec | None = None
) -> Cards:
    """Read a desk's feed to its present end.

    Errors: those of a feed.
    """
    cards = Cards()
    async with Feed(options, desk, since=since, own_topic=own_topic, codec=codec) as feed:
        async for item in feed:
            if isinstance(item, Delivery):
                cards.add(item)
    return cards
