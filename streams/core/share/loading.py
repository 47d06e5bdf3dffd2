"""Read a pack's files into forms, keeping file and line of each, so that every later complaint can point there.

A pack is a folder: ``pack.yaml``, rule files beside it (``*.yaml``, a list of rules each), views in ``views/``, the
strategy's sentences in ``strategy.yaml``, and cases in ``*_test.yaml`` anywhere in it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.marked_yaml import suggest as suggest  # noqa: PLC0414 - used by whoever loads packs
from streams.core.share import forms
from streams.core.share.forms import FieldSet, Form, NamedView, PackFile, Rule, TypeView
from streams.core.share.marked_yaml import Marked, Position, parse_marked, read_marked
from streams.core.share.problems import PackError, PackProblem
from streams.core.share.strategy import StrategySentence

#: The pack that the package carries.
RULES: Final = Path(__file__).parents[2] / "rules"
CASE_FILES: Final = "*_test.yaml"
MAX_FILES: Final = 200

F = TypeVar("F", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Placed(Generic[F]):
    """A form and where it stands."""

    form: F
    source: Marked
    at: Position

    def problem(self, message: str, remedy: str, *inside: str | int) -> PackProblem:
        """A problem with this form, or with the part of it that ``inside`` leads to."""
        return self.source.problem((*self.at, *inside), message, remedy)


@dataclass(slots=True)
class PackForms:
    """Everything that a pack's files say."""

    pack: Placed[PackFile] | None = None
    rules: list[Placed[Rule]] = field(default_factory=list)
    sets: list[Placed[FieldSet]] = field(default_factory=list)
    type_views: list[Placed[TypeView]] = field(default_factory=list)
    views: list[Placed[NamedView]] = field(default_factory=list)
    strategy: list[Placed[StrategySentence]] = field(default_factory=list)
    digest: str = ""


def read_pack(folder: Path) -> PackForms:
    """Read a pack's rules and views. Errors: ``PackError`` with every problem of form, in all files."""
    names = {path.relative_to(folder).as_posix(): path for path in pack_files(folder)}
    return _read({name: partial(read_marked, path, name) for name, path in names.items()})


def read_texts(texts: Mapping[str, str]) -> PackForms:
    """Read a pack whose files are at hand as text, by name. Errors: as ``read_pack``."""
    return _read({name: partial(parse_marked, texts[name], name) for name in texts})


def _read(files: Mapping[str, Callable[[], Marked]]) -> PackForms:
    found, digest = PackForms(), hashlib.sha256()
    problems: list[PackProblem] = []
    for name in sorted(files):
        try:
            marked = files[name]()
            _take(found, marked)
        except PackError as error:
            problems += error.problems
        else:
            digest.update(f"{name}\n{_canonical(marked.data)}\n".encode())
    if not problems and found.pack is None:
        problems.append(
            PackProblem("pack.yaml", 0, "The pack has no pack.yaml", "Add it with version and access data.")
        )
    if problems:
        raise PackError(problems)
    found.digest = digest.hexdigest()
    return found


def pack_files(folder: Path) -> list[Path]:
    """The files that make the pack, without its cases. Errors: ``PackError`` when there are none, or far too many."""
    paths = sorted(path for path in folder.rglob("*.yaml") if not path.match(CASE_FILES))
    if not paths:
        raise PackError([PackProblem(str(folder), 0, "There is no rule pack here", "Give the folder of a pack.")])
    if len(paths) > MAX_FILES:
        raise PackError([PackProblem(str(folder), 0, f"More than {MAX_FILES} files", "Give the folder of one pack.")])
    return paths


def _take(found: PackForms, marked: Marked) -> None:
    if marked.file == "pack.yaml":
        found.pack = place(PackFile, marked, marked.data, ())
    elif marked.file.startswith("views/"):
        _take_views(found, marked)
    elif marked.file == "strategy.yaml":
        found.strategy += place_list(StrategySentence, marked, marked.data, ())
    else:
        found.rules += place_list(Rule, marked, marked.data, ())


def _take_views(found: PackForms, marked: Marked) -> None:
    place(forms.ViewFile, marked, marked.data, ())
    data: dict[str, Any] = marked.data
    found.sets += place_list(FieldSet, marked, data.get("sets", []), ("sets",))
    found.type_views += place_list(TypeView, marked, data.get("type_views", []), ("type_views",))
    found.views += place_list(NamedView, marked, data.get("views", []), ("views",))


def place_list(model: type[F], marked: Marked, data: Any, at: Position) -> list[Placed[F]]:
    """Every item of a list as a form. Errors: ``PackError`` with the problems of all of them."""
    if not isinstance(data, list):
        raise PackError([marked.problem(at, "A list is expected here", "Begin each entry with a dash.")])
    placed: list[Placed[F]] = []
    problems: list[PackProblem] = []
    for index, item in enumerate(data):
        try:
            placed.append(place(model, marked, item, (*at, index)))
        except PackError as error:
            problems += error.problems
    if problems:
        raise PackError(problems)
    return placed


def place(model: type[F], marked: Marked, data: Any, at: Position) -> Placed[F]:
    """One value as a form. Errors: ``PackError`` with file, line and remedy of every problem."""
    try:
        return Placed(model.model_validate(data), marked, at)
    except ValidationError as problem:
        raise PackError(_form_problems(problem, marked, at)) from None


def _form_problems(problem: ValidationError, marked: Marked, at: Position) -> Iterator[PackProblem]:
    for error in problem.errors(include_url=False, include_input=False, include_context=False):
        where: Position = at
        for step in error["loc"]:
            # Steps that name a branch of a union stand in no file.
            if (*where, step) in marked.lines:
                where = (*where, step)
        last = str(error["loc"][-1]) if error["loc"] else "the file"
        if error["type"] == "extra_forbidden":
            yield marked.problem(where, f"There is no key {last!r} here", suggest(last, _known_keys()))
        elif error["type"] == "missing":
            yield marked.problem(where, f"The key {last!r} is missing", "Add it.")
        else:
            yield marked.problem(where, f"{last}: {error['msg']}", "Write the value in the form that is asked for.")


def _known_keys() -> Iterator[str]:
    for model in (*vars(forms).values(), StrategySentence):
        if isinstance(model, type) and issubclass(model, Form):
            yield from model.model_fields


def _canonical(value: Any) -> str:
    """The data in one writing, so that a comment or a blank line makes no new version."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{_canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return repr(value)
