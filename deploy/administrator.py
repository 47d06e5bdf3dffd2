"""An admin client that changes a cluster: topics and ACLs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient

#: Seconds to wait for the first broker: one that answers does so at once.
REACH_SECONDS: Final = 3.0


@asynccontextmanager
async def administrator(options: Mapping[str, Any], client_id: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """The client. Errors: aiokafka's ``KafkaError``, ``TimeoutError`` and ``OSError`` when no broker answers."""
    admin = AIOKafkaAdminClient(**{"client_id": client_id, **options})
    try:
        async with asyncio.timeout(REACH_SECONDS):
            await admin.start()
        yield admin
    finally:
        await admin.close()
