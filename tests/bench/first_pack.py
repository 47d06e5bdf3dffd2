"""The first pack: the nine sharing rules that a bus begins with, under every block rule of the released pack."""

import shutil
from pathlib import Path
from typing import Any, Final

import yaml

from streams.core.share.loading import RULES

#: Local feeds, surveillance to intelligence and back, results, upwards, products down, scenes, alerts, notices.
SHARING: Final = frozenset({"OWN", "S01", "S03", "S04", "S06", "S07", "S12", "S13", "S17", "S33"})


def first_pack(folder: Path) -> Path:
    """Write the released pack into a folder without its other sharing rules; returns the folder."""
    shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("*_test.yaml"))
    for path in folder.glob("*.yaml"):
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(rules, list) and path.stem != "strategy":
            kept = [rule for rule in rules if _kept(rule)]
            path.write_text(yaml.safe_dump(kept, allow_unicode=True), encoding="utf-8")
    return folder


def _kept(rule: dict[str, Any]) -> bool:
    return rule["effect"] != "allow" or rule["id"] in SHARING
