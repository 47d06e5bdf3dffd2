"""The files that Prometheus and Grafana read, as they are committed beside this module and exported elsewhere."""

import json
from pathlib import Path
from typing import Final

import yaml

from deploy.observability.alerts import rules
from deploy.observability.dashboard import dashboard

FOLDER: Final = Path(__file__).parent
RULES: Final = "rules.yml"
DASHBOARD: Final = "dashboard.json"
#: Where the runbook's pages are, seen from the top of the repository.
RUNBOOKS: Final = "docs/runbook"
_MADE: Final = "# Made by `sambus signals export` from the tables of alarms and metrics; a change here is lost.\n"


def files(runbooks: str = RUNBOOKS) -> dict[str, str]:
    """Every file by its name. ``runbooks`` is the folder or address of the runbook's pages."""
    told = yaml.safe_dump(rules(runbooks), allow_unicode=True, sort_keys=False, width=110)
    return {RULES: _MADE + told, DASHBOARD: json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"}


def export(folder: Path, runbooks: str = RUNBOOKS) -> list[Path]:
    """Write every file to a folder, which is made; gives their paths. Errors: ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files(runbooks).items():
        (folder / name).write_text(text, "utf-8")
        written.append(folder / name)
    return written
