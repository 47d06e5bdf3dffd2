"""``sambus --help``: every command with a whole line, at once."""

import subprocess
import sys

from deploy.cli.main import COMMANDS, SECTIONS

_IMPORTED = "import sys; print(*(name for name in sys.modules if name.startswith(('deploy.', 'streams', 'consumers'))))"


def test_help_names_every_command_with_a_whole_line() -> None:
    """On a terminal of 80 characters: nothing is cut off or broken."""
    command = [sys.executable, "-m", "deploy.cli", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={"COLUMNS": "80"}).stdout
    lines = said.splitlines()
    for section, entries in SECTIONS.items():
        assert f"{section}:" in lines
        for name, entry in entries.items():
            assert any(line.split() == [name, *entry.says.split()] for line in lines), name


def test_help_imports_no_command() -> None:
    """Their libraries take seconds, and whoever asks which commands there are waits for none of them."""
    program = f"import deploy.cli.main as cli\ntry:\n cli.main(['--help'])\nexcept SystemExit:\n {_IMPORTED}"
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1].split() == ["deploy.cli", "deploy.cli.main"]
    assert len(COMMANDS) == sum(map(len, SECTIONS.values()))
