"""The codec of commands that write events, or read those that are sealed."""

import click

from deploy.sealing import VARIABLE, seals_from_environment
from schemas.codec import Codec
from schemas.sealing import SealKeysError, Seals

#: What to do when a command met what it could not open.
REMEDY = f"Name the file of the keys for sealing in {VARIABLE} (`sambus keys sealing` makes it)."


def seals() -> Seals | None:
    """What the environment names. Errors: ``click.UsageError``."""
    try:
        return seals_from_environment()
    except SealKeysError as problem:
        raise click.UsageError(f"{problem}.") from None


def sealing_codec() -> Codec:
    """A codec that seals and opens, if the environment names keys. Errors: ``click.UsageError``."""
    return Codec(seals=seals())
