"""Pointers as deliveries: what an owner gets who has one end of a match and may not have the other."""

from collections.abc import Iterator
from typing import Final

from schemas.codec import Codec
from schemas.gazetteer import Gazetteer
from schemas.records import BUS_UNIT, desk_address
from streams.core.link.keys import MatchKeys
from streams.core.link.operations import load_pointer_rules
from streams.core.link.pointers import POINTER, Told, pointer_of, told_of
from streams.core.share import Pack, ReceiverRuling, Ruling
from streams.core.share.restraint import ends_of
from streams.core.share.ruling import MAIN
from streams.core.share.viewbook import type_view_name
from streams.engine.memory import LaneMemory
from streams.engine.share_step import Matter

#: Stands for a rule in a pointer's delivery: no rule of the pack routes it.
POINTER_RULE: Final = "POINTER"
_REASON: Final = "POINTER: another matter has the same; the contact desk can bring both owners together"
_OBLIGATION: Final = "contact_other_desk"


class Pointing:
    """Makes the pointers of links, in the lane where a link was decided on and all is known of both ends."""

    def __init__(self, codec: Codec, gazetteer: Gazetteer, keys: MatchKeys) -> None:
        self._codec = codec
        self._gazetteer = gazetteer
        self._keys = keys
        self._rules = load_pointer_rules()

    def of(self, link: Matter, memory: LaneMemory) -> Iterator[tuple[Matter, Ruling]]:
        """The pointers of a link, each with its one receiver; none for any other event, or while an end is unknown."""
        event = link.event
        if event["event_type"] != "link_suggestion" or event["origin_unit"]["unit"] != BUS_UNIT:
            return
        known = memory.knowing(event).known
        ends = {end: found for end in ends_of(event) if (found := known.get(end)) is not None}
        for told in told_of(event, ends):
            pointer = pointer_of(told, event, self._rules, self._keys, link.at_ms)
            data = self._codec.encode(POINTER, pointer)
            concerns = tuple(sorted((told.about_id, told.other_id)))
            matter = link._replace(event=pointer, data=data, former="", concerns=concerns)
            for desk in self._owners(told):
                receiver = _receiver(desk, int(pointer["priority"]), memory.pack)
                yield matter, Ruling((receiver,), (), "H0", int(pointer["sensitivity"]))

    def _owners(self, told: Told) -> Iterator[str]:
        """The desk that published, or those that took over when its unit ended."""
        unit, _, function = told.desk.partition("/")
        for heir in self._gazetteer.successors(unit) or (unit,):
            desk = desk_address(heir, function)
            if self._gazetteer.known_desk(desk):
                yield desk


def _receiver(desk: str, priority: int, pack: Pack) -> ReceiverRuling:
    view = pack.views.through(type_view_name(POINTER), POINTER)
    if view is None:
        raise LookupError("a pack without the type view of pointers")
    return ReceiverRuling(
        desk=desk,
        view_group=MAIN,
        view=view,
        rules=(POINTER_RULE,),
        priority=priority,
        priority_reason=_REASON,
        feed=f"feed.links.{desk.partition('/')[0]}",
        obligations=(_OBLIGATION,),
        marks=(),
    )
