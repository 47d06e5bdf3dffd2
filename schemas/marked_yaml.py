"""YAML as people write it: plain data with the line of every value, and nothing that could be a trap.

Refused: anchors and aliases (a few lines of them can mean gigabytes), tags, duplicate keys (the last would silently
win), merge keys, deep nesting and large files.
"""

import difflib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

MAX_BYTES: Final = 512 * 1024
MAX_DEPTH: Final = 20

#: Where a value stands: keys and list positions from the document's root.
Position: TypeAlias = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlProblem(NamedTuple):
    """One thing wrong with a file, said so that its owner can mend it. ``line`` counts from 1; 0 is the whole file."""

    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        """``file:line: message. remedy``, as an editor can jump to it."""
        return f"{self.file}:{self.line}: {self.message}. {self.remedy}"


class YamlError(ValueError):
    """A file cannot be used. It holds every problem found, in the order of files and lines."""

    def __init__(self, problems: Iterable[YamlProblem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Marked(NamedTuple):
    """A document's data and the line at which each of its values begins."""

    file: str
    data: Any
    lines: Mapping[Position, int]

    def line(self, at: Position) -> int:
        """The line of the value at a position, or of the nearest value that holds it."""
        while at not in self.lines and at:
            at = at[:-1]
        return self.lines.get(at, 0)

    def problem(self, at: Position, message: str, remedy: str) -> YamlProblem:
        """A problem with the value at a position."""
        return YamlProblem(self.file, self.line(at), message, remedy)


def suggest(name: str, known: Iterable[str]) -> str:
    """A remedy for a name that is not known: the nearest known one, or what there is."""
    choices = sorted(set(known))
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(choices)}." if len(choices) <= 12 else "Correct the name."  # noqa: PLR2004 - a readable line


def read_marked(path: Path, name: str) -> Marked:
    """Read one file. Errors: ``YamlError`` with the line of whatever is refused; file errors become one, too."""
    return parse_marked(read_text(path, name), name)


def read_text(path: Path, name: str) -> str:
    """The text of one file. Errors: ``YamlError`` when it is too large, no UTF-8 text or cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise YamlError([YamlProblem(name, 0, f"The file is larger than {MAX_BYTES // 1024} KiB", "Split it.")])
        return raw.decode("utf-8")
    except OSError as problem:
        reason = problem.strerror or "unknown reason"
        raise YamlError(
            [YamlProblem(name, 0, f"The file cannot be read: {reason}", "Check path and rights.")]
        ) from None
    except UnicodeDecodeError:
        raise YamlError([YamlProblem(name, 0, "The file is not UTF-8 text", "Save it as UTF-8.")]) from None


def parse_marked(text: str, name: str) -> Marked:
    """Parse one document. Errors: ``YamlError`` with the line of whatever is refused."""
    try:
        _refuse_traps(text, name)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = 0 if mark is None else mark.line + 1
        what = getattr(problem, "problem", None) or "unreadable"
        raise YamlError([YamlProblem(name, line, f"Not YAML: {what}", "Correct the form of this line.")]) from None
    lines: dict[Position, int] = {}
    return Marked(name, None if node is None else _value(node, (), lines, name), lines)


def _refuse_traps(text: str, name: str) -> None:
    """Look through the stream of parser events, which costs no more than the text is long, before building data."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        mark: Any = event.start_mark
        line = mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError([YamlProblem(name, line, "Anchors and aliases are not allowed", "Write the value out.")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise YamlError([YamlProblem(name, line, f"Nested deeper than {MAX_DEPTH}", "Flatten the structure.")])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        tag = getattr(event, "tag", None)
        if tag is not None and not isinstance(event, yaml.DocumentStartEvent):
            raise YamlError([YamlProblem(name, line, "Tags are not allowed", "Write plain data.")])


def _value(node: Any, at: Position, lines: dict[Position, int], name: str) -> Any:
    lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, at, lines, name)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*at, index), lines, name) for index, item in enumerate(node.value)]
    return _scalar(node, name)


def _mapping(node: Any, at: Position, lines: dict[Position, int], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
            raise YamlError([YamlProblem(name, line, "A key must be a plain word", "Write a word as the key.")])
        key = str(key_node.value)
        if key in found:
            raise YamlError([YamlProblem(name, line, f"The key {key!r} stands twice", "Keep one of the two.")])
        found[key] = _value(value_node, (*at, key), lines, name)
        lines[(*at, key)] = line
    return found


def _scalar(node: Any, name: str) -> Any:
    try:
        constructor = yaml.SafeLoader("")
        value = constructor.construct_object(node)
    except (ValueError, yaml.YAMLError):
        line = node.start_mark.line + 1
        raise YamlError(
            [YamlProblem(name, line, "The value is not readable", "Put it in quotes if it is text.")]
        ) from None
    if value is None or isinstance(value, str | int | float | bool | date | datetime):
        return value
    line = node.start_mark.line + 1
    raise YamlError([YamlProblem(name, line, "Only text, numbers, times and truth values are allowed", "Write one.")])
