"""The docs say what the code does: tables, commands, examples, names and links are held against it."""

import ast
import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deploy.cli.main import COMMANDS, main
from schemas.envelope import Event
from schemas.validation import validate
from streams.engine.signals import Signal
from tests.docs.blocks import Block, Command, blocks, commands
from tests.docs.tables import PAGES, ROOT, TABLES, filled, names
from tests.streams.core.share.packs import changed_pack

ROOMS = ("schemas", "producers", "streams", "consumers", "deploy")
_CODE = "\n".join(path.read_text("utf-8") for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
_DOCS = "\n".join(page.read_text("utf-8") for page in PAGES)
_GUIDES = {
    name: (ROOT / "docs" / name).read_text("utf-8") for name in ("operations.md", "ARCHITECTURE.md", "GLOSSARY.md")
}


# Tables


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_generated_tables_are_those_of_the_code(page: Path) -> None:
    """A table made from the code is as the code would make it now."""
    text = page.read_text("utf-8")
    assert filled(text) == text, "run python -m tests.docs.tables"


def test_every_generated_table_stands_in_one_page() -> None:
    """No table is made for nothing, and none stands twice."""
    assert sorted(name for page in PAGES for name in names(page.read_text("utf-8"))) == sorted(TABLES)


def test_a_changed_table_is_found() -> None:
    """A table that somebody changed by hand does not pass."""
    page = (ROOT / "docs" / "publishing.md").read_text("utf-8")
    assert filled(page.replace("| `ID_REUSED` |", "| `ID_USED` |")) == page


# Commands


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that commands in the docs name, and no variable that would change a command."""
    for variable in [name for name in os.environ if name.startswith("SAMBUS_")]:
        monkeypatch.delenv(variable)
    for block in blocks("json"):
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, "utf-8")
    (tmp_path / "events.jsonl").touch()
    changed_pack(tmp_path / "my-rules")
    for name in ("anna.key", "bo.key", "my.token", "sealing-keys.json", "targets.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "backup-2026-11-29").mkdir()
    (tmp_path / "tests").symlink_to(ROOT / "tests")  # a page may show a file of the tests by its path from the top
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parse(words: list[str]) -> click.Context:
    """A command line as click understands it: names, options, arguments and their values. Runs nothing."""
    command: click.Command = main
    context = click.Context(main, info_name="sambus")
    while isinstance(command, click.Group):
        if not words:
            raise click.UsageError("a command is missing", context)
        name, *words = words
        found = command.get_command(context, name)
        if found is None:
            raise click.UsageError(f"there is no command {name!r}", context)
        command = found
        if not isinstance(command, click.Group):
            return command.make_context(name, words, context)
        context = click.Context(command, parent=context, info_name=name)
    raise AssertionError("unreachable")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", commands(), ids=str)
def test_a_command_in_the_docs_is_one(command: Command) -> None:
    """Commands, options, desks and files that the docs show exist."""
    tool, *words = command.words
    if tool != "sambus":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE)
        assert tool == "make"
        assert set(words) <= set(targets)
        return
    assert parse(words).command.name == [word for word in words if not word.startswith("-")][_depth(words) - 1]


def _depth(words: list[str]) -> int:
    """How many words name the command."""
    command: click.Command | None = main
    depth = 0
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words[depth])
        depth += 1
    return depth


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "line",
    [
        ["publsh", "events.jsonl"],
        ["publish", "no-such-file", "--as", "se/coordination"],
        ["publish", "events.jsonl", "--as", "se.nowhere/intelligence"],
        ["feed", "--as", "se/coordination", "--no-such-option"],
        ["quarantine"],
    ],
)
def test_a_wrong_command_is_found(line: list[str]) -> None:
    """The check above refuses what is no command."""
    with pytest.raises(click.UsageError):
        parse(line)


@pytest.mark.parametrize("command", commands("run"), ids=str)
def test_a_command_marked_to_run_does_what_is_shown(command: Command, folder: Path) -> None:
    """Commands that need no Kafka run, end well, and print what the docs show."""
    line = [sys.executable, "-m", "deploy.cli", *command.words[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    printed = (done.stdout + done.stderr).splitlines()
    assert [line for line in command.output if line not in printed] == []


def _commands_of(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _commands_of(child, f"{path} {name}")
    else:
        yield path


def _every_command() -> list[str]:
    """Every command that is there. One whose module has yet to be written has nothing to be documented."""
    found: list[str] = []
    for name, place in COMMANDS.items():
        module, attribute = place.split(":")
        if importlib.util.find_spec(module) is not None:
            found += _commands_of(getattr(importlib.import_module(module), attribute), f"sambus {name}")
    return found


@pytest.mark.parametrize("command", _every_command())
def test_every_command_is_documented(command: str) -> None:
    """Operations have every command in their list."""
    assert f"`{command}`" in _GUIDES["operations.md"]


# Examples


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_json_example_is_json(block: Block) -> None:
    """JSON is JSON, one object a line; an event may stand over several."""
    whole = "event" in block.marks
    for text in [block.text] if whole else block.text.splitlines():
        assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("block", blocks("json", "event"), ids=str)
def test_an_event_in_the_docs_is_an_event(block: Block) -> None:
    """Whoever copies an event out of the docs has one that validates."""
    body = json.loads(block.text)
    found = validate(body["event_type"], body)
    assert isinstance(found, Event), found
    assert found.synthetic, "people in the docs are made up, and say so"


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_in_the_docs_names_what_is_there(block: Block) -> None:
    """Imports in Python examples exist."""
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@pytest.mark.parametrize("block", blocks("python", "run"), ids=str)
def test_python_marked_to_run_runs(block: Block) -> None:
    """Python that needs no Kafka runs and its assertions hold."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", block.text]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# Names


def test_every_variable_is_documented() -> None:
    """Variables that the code reads and variables that the docs list are the same."""
    used = {name for name in re.findall(r"SAMBUS_[A-Z_]*[A-Z]", _CODE) if name not in ("SAMBUS_SASL", "SAMBUS_TLS")}
    table = _GUIDES["operations.md"].partition("## Variables")[2]
    assert used == set(re.findall(r"`(SAMBUS_[A-Z_]+)`", table))


def test_every_signal_is_documented() -> None:
    """Signals of the engine and signals that the docs list are the same."""
    table = _GUIDES["operations.md"].partition("| signal |")[2].partition("\n\n")[0]
    told = {
        name
        for row in table.splitlines()
        for name in re.findall(r"`([a-z_]+)`", row.partition("|")[2].partition("|")[0])
    }
    assert told == set(Signal)


def _terms() -> list[tuple[str, str]]:
    rows = [line.split(" | ") for line in _GUIDES["GLOSSARY.md"].splitlines() if line.startswith("| ")][1:]
    return [(row[0].removeprefix("| "), row[-1].removesuffix(" |").strip("`")) for row in rows]


@pytest.mark.parametrize(("term", "name"), _terms(), ids=lambda value: value)
def test_a_term_of_the_glossary_has_its_name_in_the_code(term: str, name: str) -> None:
    """The name that a term has in the code occurs there."""
    assert term
    assert re.search(rf"\b{re.escape(name)}\b", _CODE), f"{term}: nothing is called {name}"


def test_the_glossary_is_in_the_order_of_the_swedish_alphabet() -> None:
    """One finds a word where one looks for it, and once."""
    order = {letter: number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyzåäö")}
    words = [[order[c] for c in term.partition(" (")[0].lower() if c in order] for term, _ in _terms()]
    assert words == sorted(words)
    assert len({term for term, _ in _terms()}) == len(words)


# Links and places


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_internal_links_lead_somewhere(page: Path) -> None:
    """Pages and headings that a page links to exist."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.is_file(), f"{page.name}: {target}"
        if heading:
            assert heading in _headings(other), f"{page.name}: {target}"


def _headings(page: Path) -> set[str]:
    """The anchors that a page's headings have where Markdown is shown."""
    lines = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_tests_that_a_page_names_are_there(page: Path) -> None:
    """Paths, patterns of paths and tests in backticks exist."""
    rooms = "|".join((*ROOMS, "tests", "docs"))
    for name in re.findall(rf"`((?:{rooms})/[^`\s]*)`", page.read_text("utf-8")):
        path, _, test = name.partition("::")
        assert list(ROOT.glob(re.sub(r"<[a-z]+>", "*", path).rstrip("/"))), f"{page.name}: {name}"
        if test:
            assert f"def {test}(" in (ROOT / path).read_text("utf-8"), f"{page.name}: {name}"


def test_no_page_holds_a_path_of_a_machine() -> None:
    """Nothing in the docs holds on one machine only."""
    assert re.findall(r"(?:^|[\s`(\"'])(/(?:home|root|tmp|work|Users|var|opt|usr|mnt)/\S*)", _DOCS) == []
