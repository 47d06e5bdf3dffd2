"""A request's body: read within its bounds, unpacked within theirs, and parsed."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson

from producers.http.limits import Limits, Room
from schemas.web import WebCode, WebProblem

#: Gives a whole body if it is there already, else None (``schemas.web.ARRIVED``).
Arrived = Callable[[], bytes | None]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_GZIP: Final = 31  # zlib's name for "a gzip header, and the largest window"
_PIECE: Final = 64 * 1024
_LONGEST_NUMBER: Final = 12


class ClientGoneError(Exception):
    """The client hung up in the middle: nobody waits for an answer."""


def not_yet() -> None:
    """For a server that does not tell whether a body has arrived."""


async def body_of(
    headers: Mapping[bytes, bytes],
    receive: Receive,
    limits: Limits,
    held: "Held",
    arrived: Arrived = not_yet,
) -> bytes:
    """The unpacked body. Its bytes are held: who asks for it gives them back.

    Errors: ``WebProblem`` 400, 408, 413, 415 or 503, ``ClientGoneError``.
    """
    packed = _is_packed(headers)
    length = _declared(headers, limits)
    held.take(length or 0)
    body = arrived()
    if body is not None:
        _weigh(len(body), 0, limits, held, length)
    else:
        try:
            async with asyncio.timeout(limits.patience):
                body = await _read(receive, limits, held, length)
        except TimeoutError:
            raise WebProblem(WebCode.TOO_SLOW) from None
    return _unpacked(body, limits, held) if packed else body


def parsed(body: bytes) -> Any:
    """The JSON value of a body. Errors: ``WebProblem`` 400."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise WebProblem(WebCode.BODY_UNREADABLE) from None


class Held:
    """What one request holds of the room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def take(self, size: int) -> None:
        """Hold more. Errors: ``WebProblem`` 503 when there is no room."""
        if not self._room.take(size):
            raise WebProblem(WebCode.OVERLOADED, retry_after=1)
        self.size += size

    def give_back(self) -> None:
        """Hold nothing any longer."""
        self._room.give_back(self.size)
        self.size = 0


def _is_packed(headers: Mapping[bytes, bytes]) -> bool:
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding == b"identity":
        return False
    if encoding != b"gzip":
        raise WebProblem(WebCode.ENCODING_UNKNOWN, headers={"accept-encoding": "gzip"})
    return True


def _declared(headers: Mapping[bytes, bytes], limits: Limits) -> int | None:
    """The length that the client declares, if it does."""
    stated = headers.get(b"content-length", b"")
    if not stated.isdigit() or len(stated) > _LONGEST_NUMBER:
        return None
    length = int(stated)
    if length > limits.packed:
        raise WebProblem(WebCode.BODY_TOO_LARGE)
    return length


async def _read(receive: Receive, limits: Limits, held: Held, declared: int | None) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        piece = message.get("body", b"")
        _weigh(len(piece), size, limits, held, declared)
        size += len(piece)
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _weigh(piece: int, before: int, limits: Limits, held: Held, declared: int | None) -> None:
    """Hold what came. Errors: ``WebProblem`` 413, or 503 when there is no room."""
    if before + piece > limits.packed:
        raise WebProblem(WebCode.BODY_TOO_LARGE)
    if declared is None:
        held.take(piece)


def _unpacked(body: bytes, limits: Limits, held: Held) -> bytes:
    """The content of a gzip body, of one or several members; stopped at the bound, however small the body was."""
    pieces: list[bytes] = []
    size = 0
    try:
        while body:
            member = zlib.decompressobj(_GZIP)
            while not member.eof:
                piece = member.decompress(body, _PIECE)
                body = member.unconsumed_tail or member.unused_data
                size += len(piece)
                if size > limits.unpacked:
                    raise WebProblem(WebCode.BODY_TOO_LARGE)
                held.take(len(piece))
                pieces.append(piece)
                if not piece and not body and not member.eof:
                    raise WebProblem(WebCode.BODY_UNREADABLE)  # it breaks off
    except zlib.error:
        raise WebProblem(WebCode.BODY_UNREADABLE) from None
    return b"".join(pieces)
