"""YAML is read as plain data with line numbers, and traps are refused before anything is built."""

from pathlib import Path

import pytest

from streams.core.share.marked_yaml import MAX_BYTES, parse_marked, read_marked
from streams.core.share.problems import PackError

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_every_value_has_its_line() -> None:
    """A value's line is its own; a place that does not exist has the line of what holds it."""
    marked = parse_marked("- id: S01\n  when:\n    - [a, eq, 1]\n    - [b, eq, true]\n", "x.yaml")
    assert marked.data == [{"id": "S01", "when": [["a", "eq", 1], ["b", "eq", True]]}]
    assert marked.line((0, "when", 1)) == 4
    assert marked.line((0, "when", 1, 2)) == 4
    assert marked.line((0, "when", 7, "nothing")) == 2


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (BOMB, 1, "Anchors and aliases"),
        ("a: 1\nb: &x 2\n", 2, "Anchors and aliases"),
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice"),
        ("a:\n  <<: {b: 1}\n", 2, "plain word"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "Tags"),
        ("a: !!binary aGVq\n", 1, "Tags"),
        ("? [a, b]\n: 1\n", 1, "plain word"),
        ("a: [1, 2\nb: 3\n", 2, "Not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "Not YAML"),
        ("a: 2026-13-45\n", 1, "not readable"),
        ("[" * 60 + "]" * 60, 1, "Nested deeper"),
    ],
)
def test_traps_are_refused(text: str, line: int, message: str) -> None:
    """Each is refused with its line."""
    with pytest.raises(PackError) as refused:
        parse_marked(text, "x.yaml")
    assert message in str(refused.value)
    assert refused.value.problems[0].line == line


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, not text, and too large: each a problem with a remedy, never a traceback."""
    with pytest.raises(PackError, match="cannot be read"):
        read_marked(tmp_path / "none.yaml", "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("a: å".encode("latin-1"))
    with pytest.raises(PackError, match="not UTF-8"):
        read_marked(tmp_path / "latin.yaml", "latin.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(PackError, match="larger than"):
        read_marked(tmp_path / "large.yaml", "large.yaml")


def test_an_empty_file_is_no_data() -> None:
    """Nothing is nothing, not an error of its own."""
    assert parse_marked("# only a comment\n", "x.yaml").data is None
