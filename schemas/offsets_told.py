"""Lets a client of aiokafka's hear when a broker refuses to tell how far a group has come."""

from collections.abc import Callable
from typing import Any, Final

#: Kafka's number for the question.
_OFFSET_FETCH: Final = 9


def heed_refusals(client: Any, error_of: Callable[[int], type[Exception]]) -> None:
    """Have it raise what the broker refuses with, as for any other question: then it asks again, or its caller does.

    Left alone (0.14) it overlooks an error that is about the whole answer. Such an answer names no offset at all, so a
    worker that asks while the group's coordinator changes takes its group for one that has committed nothing yet, and
    begins anew at the oldest record that is kept.

    Shape: an ``AIOKafkaConsumer`` or ``AIOKafkaAdminClient``, and aiokafka's ``for_code``; no room that has them is
    open to all who need this.
    Source: KIP-88, error codes of ``OffsetFetchResponse`` from version 2 on.
    """
    kafka = client._client  # noqa: SLF001 - both kinds ask through it, and have nothing else in common
    send = kafka.send

    async def heard(node: int, request: Any, *arguments: Any, **named: Any) -> Any:
        answer = await send(node, request, *arguments, **named)
        if request.API_KEY == _OFFSET_FETCH and (code := getattr(answer, "error_code", 0)):
            raise error_of(code)("the coordinator does not tell the offsets of a group")
        return answer

    kafka.send = heard
