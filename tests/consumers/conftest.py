"""A bus with all its topics, and an empty archive, for the tests of readers."""

import pytest

from schemas.codec import Codec
from tests.consumers.archived import address, archive, filler, postgres
from tests.consumers.made import create_topics

__all__ = ["address", "archive", "bus", "codec", "filler", "postgres"]


@pytest.fixture(scope="session")
async def bus(kafka: str) -> str:
    """The bootstrap address of a cluster that has every topic of the catalogue."""
    await create_topics(kafka)
    return kafka


@pytest.fixture(scope="session")
def codec() -> Codec:
    """The codec of the released schemas."""
    return Codec()
