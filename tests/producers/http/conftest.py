"""A gateway of the intake alone, on a topic of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.gateway.context import Context
from deploy.gateway.intake import part
from deploy.gateway.part import Part
from tests.gateway import Parts, Running, in_process, until_ready


def intake_on(topic: str, **more: Any) -> Parts:
    """The parts of a gateway that takes events for this topic and does nothing else."""

    def made_of(context: Context) -> tuple[Part, ...]:
        return (part(context, topic=topic, **more),)

    return made_of


@pytest.fixture
async def gateway(kafka: str, topic: str, tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway that has reached the bus."""
    async with in_process({"bootstrap_servers": kafka}, tmp_path, intake_on(topic)) as running:
        await until_ready(running)
        yield running
