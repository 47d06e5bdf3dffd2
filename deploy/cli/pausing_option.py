"""The option ``--pausing``: a file with the limits beyond which intake of a source pauses."""

from pathlib import Path
from typing import Any

import click
import yaml

from schemas.gazetteer import load_gazetteer
from schemas.pausing import Pausing, load_pausing, read_pausing

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def pausing_option(command: Any) -> Any:
    """The option itself; the command receives ``pausing``."""
    return click.option(
        "--pausing",
        envvar="SAMBUS_PAUSING",
        type=_FILE,
        callback=_read,
        help="Limits beyond which intake of a source pauses, YAML. [default: those of this version]",
    )(command)


def _read(_: click.Context, __: click.Parameter, path: Path | None) -> Pausing:
    if path is None:
        return load_pausing()
    try:
        return read_pausing(path.read_text("utf-8"), load_gazetteer())
    except (ValueError, yaml.YAMLError):
        raise click.UsageError(f"{path.name} holds no limits: see schemas/data/pausing.yaml for their form.") from None
