"""Exports are made of what an archive gave: SQLite does for them. The register is tried on PostgreSQL, too."""

from pathlib import Path

import pytest


@pytest.fixture
def address(tmp_path: Path) -> str:
    """The address of an empty SQLite file."""
    return f"sqlite:///{tmp_path / 'archive.db'}"
