"""Reads the file of a private key: of a rule owner, or of whoever signs releases."""

import os
import stat
from pathlib import Path

from deploy.cli.rules_asking import fail
from streams.core.share.signing import KeyFormError, public_key


def private_key(path: Path) -> str:
    """The key in a file. One that others may read is not used: they could sign in its owner's name."""
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            fail(f"{path} can be read by others.", f"Take their right away: chmod 600 {path}")
        text = path.read_text("ascii").strip()
        public_key(text)
    except (OSError, UnicodeDecodeError, KeyFormError):
        fail(f"{path} holds no private key for rule packs.", "Make one: sambus rules key NAME --file FILE")
    return text
