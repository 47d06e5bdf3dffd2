"""Events from files: JSON Lines and Avro object containers, read lazily; a bad record never stops the stream."""

import asyncio
import gzip
import io
import zlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from enum import Enum
from queue import Empty, Queue
from threading import Event as Signal
from threading import Thread
from typing import IO, Any, NamedTuple, TypeVar, cast

import fastavro
import orjson

from schemas.problems import RejectCode

#: A line longer than this is not read into memory. An event is at most 1 MiB encoded, and JSON repeats its field names.
MAX_LINE_BYTES = 4 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_SKIP_BYTES = 64 * 1024
#: How many records may wait between the reading thread and the event loop, and be handed over at once.
_AHEAD, _HANDFUL = 2_000, 500
_ENDED = object()

T = TypeVar("T")


class ReadingFault(Enum):
    """Why a part of a file is nothing that can be read: its code, and what would be right, in Swedish and English."""

    @property
    def code(self) -> RejectCode:
        """The code that the report and the counters use."""
        code: RejectCode = self.value[0]
        return code

    @property
    def pointer(self) -> str:
        """A JSON pointer to the whole: nothing inside could be read."""
        return ""

    @property
    def remedy_sv(self) -> str:
        """What would be right, in Swedish."""
        remedy: str = self.value[1]
        return remedy

    @property
    def remedy_en(self) -> str:
        """What would be right, in English."""
        remedy: str = self.value[2]
        return remedy


class FileFault(ReadingFault):
    """Why a line or record of a file is no event at all, with what would be right. Never content."""

    NOT_UTF8 = (
        RejectCode.UNREADABLE,
        "Raden är inte UTF-8. Spara filen som UTF-8.",
        "The line is not UTF-8. Save the file as UTF-8.",
    )
    NOT_JSON = (
        RejectCode.UNREADABLE,
        "Raden är inte JSON. Skriv ett helt JSON-objekt på en enda rad.",
        "The line is not JSON. Write one whole JSON object on a single line.",
    )
    NOT_OBJECT = (
        RejectCode.UNREADABLE,
        "Raden är inte ett JSON-objekt. Skriv {…} med händelsens fält.",
        "The line is not a JSON object. Write {…} with the event's fields.",
    )
    LINE_TOO_LONG = (
        RejectCode.TOO_LARGE,
        "Raden är längre än 4 MiB. Skicka en pekare till stort material i stället för materialet.",
        "The line is longer than 4 MiB. Send a pointer to large material, not the material.",
    )
    NOT_CONTAINER = (
        RejectCode.UNREADABLE,
        "Filen är inte en Avro-behållare (Object Container File), eller är packad på ett okänt sätt.",
        "The file is no Avro object container file, or is compressed in an unknown way.",
    )
    AVRO_BROKEN = (
        RejectCode.UNREADABLE,
        "Posten i Avro-filen är trasig. Skriv filen på nytt ur källan.",
        "The record in the Avro file is broken. Write the file anew from its source.",
    )
    FILE_CUT = (
        RejectCode.UNREADABLE,
        "Filen är avbruten eller trasig här; det som följer kan inte läsas. Skriv filen på nytt ur källan.",
        "The file breaks off or is damaged here; what follows cannot be read. Write the file anew from its source.",
    )


class FileRecord(NamedTuple):
    """One line or record: its number (from 1) and either its body or what is wrong with it.

    ``size`` is the bytes it took in the (unpacked) file, for progress.
    """

    number: int
    body: dict[str, Any] | None
    fault: FileFault | None = None
    size: int = 0


def unpacked(file: IO[bytes]) -> IO[bytes]:
    """The stream itself, or its unpacked form if it is gzip by content, whatever its name. Reads its first bytes."""
    readable = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", file))
    packed = readable.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
    return cast("IO[bytes]", gzip.open(readable)) if packed else readable


def json_lines(file: IO[bytes]) -> Iterator[FileRecord]:
    """The objects of a JSON Lines file, line by line; blank lines are skipped, numbers count every line.

    Errors: none; what a line holds or where the file breaks off is a record with a fault.
    """
    number = 0
    while True:
        try:
            line = file.readline(MAX_LINE_BYTES + 1)
        except _BROKEN_FILE:
            yield FileRecord(number + 1, None, FileFault.FILE_CUT)
            return
        if not line:
            return
        number += 1
        size = len(line)
        if size > MAX_LINE_BYTES:
            yield FileRecord(number, None, FileFault.LINE_TOO_LONG, size + _skip_line(file, line))
            continue
        if number == 1:
            line = line.removeprefix(_BOM)
        if not line.strip():
            continue
        body, fault = _parsed(line)
        yield FileRecord(number, body, fault, size)


def _parsed(line: bytes) -> tuple[dict[str, Any] | None, FileFault | None]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None, FileFault.NOT_JSON if _is_utf8(line) else FileFault.NOT_UTF8
    return (value, None) if isinstance(value, dict) else (None, FileFault.NOT_OBJECT)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


#: What reading raises when a packed file is cut or damaged, or the device fails.
_BROKEN_FILE = (OSError, EOFError, zlib.error)


def _skip_line(file: IO[bytes], read: bytes) -> int:
    """Read on to the end of a line that is too long, a little at a time; how many bytes that took."""
    skipped = 0
    while read and not read.endswith(b"\n"):
        read = file.readline(_SKIP_BYTES)
        skipped += len(read)
    return skipped


def avro_container(file: IO[bytes]) -> Iterator[FileRecord]:
    """The records of an Avro object container file.

    A broken record spoils the rest of its block, which is told record by record; the next block is read again.
    """
    number = 0
    try:
        blocks = fastavro.block_reader(file)
    except _AVRO_ERRORS:
        yield FileRecord(1, None, FileFault.NOT_CONTAINER)
        return
    while True:
        try:
            block = next(blocks, None)
        except _AVRO_ERRORS:
            yield FileRecord(number + 1, None, FileFault.FILE_CUT)
            return
        if block is None:
            return
        for record in _records(block):
            number += 1
            yield record._replace(number=number)


#: fastavro has no exception of its own: what it raises depends on which part of the bytes makes no sense.
_AVRO_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    StopIteration,
    OSError,
    zlib.error,
    ArithmeticError,
    AttributeError,
    MemoryError,
    fastavro.schema.SchemaParseException,
)


def _records(block: Any) -> Iterator[FileRecord]:
    count, size = int(block.num_records), int(block.size)
    done = 0
    records = iter(block)
    while done < count:
        try:
            body = next(records)
        except _AVRO_ERRORS:
            break
        fault = None if isinstance(body, dict) else FileFault.AVRO_BROKEN
        yield FileRecord(0, body if fault is None else None, fault, size // count)
        done += 1
    for _ in range(done, count):
        yield FileRecord(0, None, FileFault.AVRO_BROKEN, size // count)


#: Formats by name, as ``sambus publish --format`` knows them.
READERS: dict[str, Callable[[IO[bytes]], Iterator[FileRecord]]] = {"jsonl": json_lines, "avro": avro_container}


async def read_ahead(records: Iterable[T]) -> AsyncGenerator[T, None]:
    """Iterate in a thread, so that a slow pipe never stops the event loop; handed over by the handful, to be cheap.

    Errors: what the iterable raises is raised here.
    """
    queue: Queue[Any] = Queue(_AHEAD)
    stop = Signal()
    thread = Thread(target=_pump, args=(records, queue, stop), daemon=True, name="sambus-read-ahead")
    thread.start()
    try:
        while True:
            for item in await asyncio.to_thread(_handful, queue):
                if item is _ENDED:
                    return
                if isinstance(item, _Raised):
                    raise item.error
                yield item
    finally:
        stop.set()
        # A pump that waits for room sees the signal once there is some; a handful that waits for an item gets its end.
        while not queue.empty():
            queue.get_nowait()
        queue.put(_ENDED)


class _Raised(NamedTuple):
    error: BaseException


def _pump(records: Iterable[Any], queue: "Queue[Any]", stop: Signal) -> None:
    try:
        for record in records:
            queue.put(record)
            if stop.is_set():
                return
    except BaseException as error:  # noqa: BLE001 - it is raised again where the records are used
        queue.put(_Raised(error))
    else:
        queue.put(_ENDED)


def _handful(queue: "Queue[Any]") -> list[Any]:
    """Wait for one, then take what else is there."""
    items = [queue.get()]
    while len(items) < _HANDFUL:
        try:
            items.append(queue.get_nowait())
        except Empty:
            break
    return items
