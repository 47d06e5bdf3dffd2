"""Bodies: bounded as they come and as they unpack, told apart when they are broken, and held only as long as needed."""

import asyncio
import gzip
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from producers.http.body import ClientGoneError, Held, body_of, parsed
from producers.http.limits import Limits, Room
from schemas.web import WebCode, WebProblem

LIMITS = Limits(packed=1000, unpacked=5000, held=20_000, patience=5)
GZIP = {b"content-encoding": b"gzip"}


async def read(
    pieces: Iterable[bytes], headers: Mapping[bytes, bytes] | None = None, room: Room | None = None, **limits: Any
) -> bytes:
    """The body that comes in these pieces."""
    left = list(pieces)

    async def receive() -> Mapping[str, Any]:
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    held = Held(room or Room(LIMITS.held))
    try:
        return await body_of(headers or {}, receive, LIMITS._replace(**limits), held)
    finally:
        held.give_back()


async def refused(pieces: Iterable[bytes], headers: Mapping[bytes, bytes] | None = None, **limits: Any) -> WebCode:
    """Why a body is not taken."""
    with pytest.raises(WebProblem) as problem:
        await read(pieces, headers, **limits)
    return problem.value.code


async def test_a_body_comes_whole_or_in_pieces() -> None:
    """As the server hands it over."""
    assert await read([b"abc"]) == b"abc"
    assert await read([b"a", b"", b"bc"]) == b"abc"
    assert await read([b""]) == b""


@pytest.mark.parametrize("members", [1, 3])
async def test_gzip_is_unpacked(members: int) -> None:
    """One member or several."""
    data = bytes(range(256)) * 10
    size = len(data) // members + 1
    packed = b"".join(gzip.compress(data[at : at + size]) for at in range(0, len(data), size))
    assert await read([packed[:50], packed[50:]], GZIP) == data


async def test_too_much_is_refused_by_what_it_declares_and_by_what_comes() -> None:
    """The length that a client declares is not believed when it is small."""
    assert await refused([b"x"], {b"content-length": b"1001"}) is WebCode.BODY_TOO_LARGE
    assert await refused([b"x" * 600, b"x" * 600]) is WebCode.BODY_TOO_LARGE
    assert await refused([b"x" * 600, b"x" * 600], {b"content-length": b"5"}) is WebCode.BODY_TOO_LARGE


async def test_a_body_that_is_there_already_has_the_same_bounds() -> None:
    """Whole, packed, too large, or without room for it."""
    data = gzip.compress(b"abc")

    async def taken(body: bytes, headers: Mapping[bytes, bytes], room: Room) -> bytes:
        async def receive() -> Mapping[str, Any]:
            raise AssertionError("nothing more is asked for")

        return await body_of(headers, receive, LIMITS, Held(room), lambda: body)

    assert await taken(b"abc", {}, Room(3)) == b"abc"
    assert await taken(data, GZIP, Room(1000)) == b"abc"
    for body, room, code in (
        (b"x" * 1001, Room(5000), WebCode.BODY_TOO_LARGE),
        (b"x" * 300, Room(299), WebCode.OVERLOADED),
    ):
        with pytest.raises(WebProblem) as problem:
            await taken(body, {}, room)
        assert problem.value.code is code


async def test_a_bomb_is_stopped_at_the_bound() -> None:
    """A thousand times what was sent is never made."""
    bomb = gzip.compress(b"0" * 900_000)
    assert len(bomb) < LIMITS.packed
    room = Room(LIMITS.held)
    assert await refused([bomb], GZIP, room=room) is WebCode.BODY_TOO_LARGE
    assert room.take(LIMITS.held)  # all of it was given back


@pytest.mark.parametrize(
    "packed",
    [
        b"no gzip at all",
        gzip.compress(b"abc" * 100)[:-9],
        gzip.compress(b"abc" * 100)[:15],
        gzip.compress(b"abc")[:-4] + b"\0\0\0\0",
        gzip.compress(b"abc") + b"rest",
        zlib.compress(b"abc"),
    ],
    ids=["foreign", "cut", "cut early", "wrong length", "with a rest", "zlib"],
)
async def test_what_is_no_whole_gzip_is_refused(packed: bytes) -> None:
    """Never taken as far as it could be read."""
    assert await refused([packed], GZIP) is WebCode.BODY_UNREADABLE


@pytest.mark.parametrize("encoding", [b"br", b"deflate", b"gzip, gzip", b"x-gzip", b""])
async def test_other_encodings_are_refused(encoding: bytes) -> None:
    """With what would be right."""
    with pytest.raises(WebProblem) as problem:
        await read([b"x"], {b"content-encoding": encoding})
    assert problem.value.code is WebCode.ENCODING_UNKNOWN
    assert problem.value.headers == {"accept-encoding": "gzip"}


async def test_without_room_one_is_told_to_come_again() -> None:
    """Before the body is read, when its length is known, and else as soon as it does not fit."""
    assert await refused([b"x" * 500], {b"content-length": b"500"}, room=Room(499)) is WebCode.OVERLOADED
    assert await refused([b"x" * 300, b"x" * 300], room=Room(499)) is WebCode.OVERLOADED
    assert await refused([gzip.compress(b"0" * 4000)], GZIP, room=Room(3000)) is WebCode.OVERLOADED


async def test_a_body_that_does_not_come_is_given_up() -> None:
    """Whoever opens a request and says no more holds nothing for ever."""
    waiting = asyncio.Event()

    async def receive() -> Mapping[str, Any]:
        await waiting.wait()
        raise AssertionError("it never comes")

    room = Room(1000)
    held = Held(room)
    with pytest.raises(WebProblem) as problem:
        await body_of({b"content-length": b"900"}, receive, LIMITS._replace(patience=0.05), held)
    held.give_back()
    assert problem.value.code is WebCode.TOO_SLOW
    assert room.take(1000)


async def test_a_client_that_hangs_up_is_no_fault() -> None:
    """In the middle of its body."""

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGoneError):
        await body_of({}, receive, LIMITS, Held(Room(1000)))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a":NaN}', b"[" * 5000, b'"\\ud800"', b"\xef\xbb\xbf{}"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Whatever it is instead."""
    with pytest.raises(WebProblem) as problem:
        parsed(body)
    assert problem.value.code is WebCode.BODY_UNREADABLE
