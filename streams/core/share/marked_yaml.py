"""YAML as rule owners write it (``schemas.marked_yaml``); whatever is refused is a problem of the pack."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas import marked_yaml
from schemas.marked_yaml import MAX_BYTES, MAX_DEPTH, Marked, Position, YamlError
from streams.core.share.problems import PackError

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Marked", "Position", "parse_marked", "read_marked", "read_text"]


def read_marked(path: Path, name: str) -> Marked:
    """Read one file. Errors: ``PackError`` with the line of whatever is refused; file errors become one, too."""
    with _of_the_pack():
        return marked_yaml.read_marked(path, name)


def read_text(path: Path, name: str) -> str:
    """The text of one file. Errors: ``PackError`` when it is too large, no UTF-8 text or cannot be read."""
    with _of_the_pack():
        return marked_yaml.read_text(path, name)


def parse_marked(text: str, name: str) -> Marked:
    """Parse one document. Errors: ``PackError`` with the line of whatever is refused."""
    with _of_the_pack():
        return marked_yaml.parse_marked(text, name)


@contextmanager
def _of_the_pack() -> Iterator[None]:
    try:
        yield
    except YamlError as error:
        raise PackError(error.problems) from None
