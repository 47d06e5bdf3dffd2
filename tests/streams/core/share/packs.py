"""Packs for tests: the released one, copies of it with one thing changed, and packs of a few rules."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from streams.core.reference import load_reference
from streams.core.share import NO_ORDERS, Orders, Pack, ReceiverRuling, Ruling, decide
from streams.core.share.case_event import CASE_TIME, case_event, earlier_events, orders_of
from streams.core.share.loading import RULES

REFERENCE = load_reference()
PACK = Pack.load()
JARVA = "se.stockholm.stockholm-nord.jarva"
NORD = "se.stockholm.stockholm-nord"


def event(**written: Any) -> dict[str, Any]:
    """A made-up event as a case means it. ``by`` is the desk that published; by default Järva's investigation."""
    desk = written.pop("by", f"{JARVA}/investigation")
    return case_event({"areas": [JARVA], **written, "from": desk}, REFERENCE.gazetteer, REFERENCE.substances)


def told(*orders: dict[str, Any], this: str = "") -> Orders:
    """The orders that these events make, written as a case writes them."""
    return orders_of(earlier_events(orders, this, REFERENCE.gazetteer, REFERENCE.substances))


def ruling(made: dict[str, Any], pack: Pack = PACK, at: datetime = CASE_TIME, orders: Orders = NO_ORDERS) -> Ruling:
    """What a pack says of an event."""
    return decide(made, pack, REFERENCE.gazetteer, REFERENCE.substances, at, orders)


def desks(said: Ruling) -> set[str]:
    """The desks that receive anything."""
    return {receiver.desk for receiver in said.receivers}


def delivery(said: Ruling, desk: str, group: str = "main") -> ReceiverRuling:
    """One delivery of a ruling."""
    return next(r for r in said.receivers if (r.desk, r.view_group) == (desk, group))


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the released pack in which one piece of text is another."""
    copy = folder / "pack"
    shutil.copytree(RULES, copy)
    text = (copy / file).read_text("utf-8")
    assert old in text, f"{file} has no {old!r}"
    (copy / file).write_text(text.replace(old, new, 1), "utf-8")
    return copy


def changed_pack(folder: Path) -> Path:
    """The released pack with a few rules written otherwise, as a rule owner may propose it (``changed_pack.yaml``)."""
    shutil.copytree(RULES, folder)
    for change in yaml.safe_load(Path(__file__).with_name("changed_pack.yaml").read_text("utf-8")):
        text = (folder / change["file"]).read_text("utf-8")
        assert change["old"] in text, f"{change['file']} no longer says {change['old']!r}"
        (folder / change["file"]).write_text(text.replace(change["old"], change["new"], 1), "utf-8")
    return folder


def with_rules(folder: Path, text: str) -> Path:
    """A copy of the released pack with a further rule file."""
    copy = folder / "pack"
    shutil.copytree(RULES, copy)
    (copy / "more.yaml").write_text(text, "utf-8")
    return copy


def only_rules(folder: Path, text: str) -> Pack:
    """A pack of the own rule and these rules alone, with the released views and access data."""
    copy = with_rules(folder, text)
    for path in copy.glob("*.yaml"):
        if path.name not in ("pack.yaml", "own.yaml", "more.yaml"):
            path.unlink()
    return Pack.load(copy)
