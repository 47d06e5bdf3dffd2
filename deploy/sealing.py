"""The keys for sealing, as gateways and commands find them: a file that ``SAMBUS_SEALING_KEYS`` or an option names."""

import os
from pathlib import Path
from typing import Final

from schemas.sealing import SealKeysError, Seals, parse_seal_keys

VARIABLE: Final = "SAMBUS_SEALING_KEYS"


def read_seals(path: Path | None) -> Seals | None:
    """What a file's keys seal and open; None without a file. Errors: ``SealKeysError`` with the remedy."""
    if path is None:
        return None
    try:
        return Seals(parse_seal_keys(path.read_bytes()))
    except OSError as problem:
        raise SealKeysError(f"{path} cannot be read: {problem.strerror}") from None
    except SealKeysError as problem:
        raise SealKeysError(f"{path} holds no keys for sealing: {problem}") from None


def seals_from_environment() -> Seals | None:
    """What the environment names. Errors: as ``read_seals``."""
    named = os.environ.get(VARIABLE)
    return read_seals(Path(named)) if named else None
