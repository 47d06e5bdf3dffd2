"""A bus with all its topics, for the tests of readers."""

import pytest

from schemas.codec import Codec
from tests.consumers.made import create_topics


@pytest.fixture(scope="session")
async def bus(kafka: str) -> str:
    """The bootstrap address of a cluster that has every topic of the catalogue."""
    await create_topics(kafka)
    return kafka


@pytest.fixture(scope="session")
def codec() -> Codec:
    """The codec of the released schemas."""
    return Codec()
