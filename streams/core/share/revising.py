"""The new revision for whoever had the former: not proposed any more, and kept from it by no block rule.

Source: clarification 21.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from streams.core.share.engine import Engine
from streams.core.share.facts import Facts
from streams.core.share.pack import Pack
from streams.core.share.proposals import delivery_order
from streams.core.share.ruling import ReceiverRuling, Ruling
from streams.core.share.transforms import TRANSFORMS

#: Stands for a rule in such a delivery: no rule of the pack routes it.
REVISION_RULE: Final = "REVISION"
_REASON: Final = "REVISION: whoever had an event gets its new revision"
_FEED: Final = "feed.revision"


class Had(NamedTuple):
    """One delivery of the former revision: to which desk, in which view group, and the names of its view."""

    desk: str
    view_group: str
    names: tuple[str, ...]


def with_former(ruling: Ruling, had: Iterable[Had], facts: Facts, pack: Pack, engine: Engine) -> Ruling:
    """The ruling on a revision, with those who had the former one and of whom it says nothing.

    Shape: each in the view that it had, or a narrower one. A desk that gets the revision by a rule, or is denied it,
    is left as it is; so is one whose view cannot be told any more.
    """
    settled = {receiver.desk for receiver in ruling.receivers} | {withheld.desk for withheld in ruling.withheld}
    left = [each for each in had if each.desk not in settled]
    if not left:
        return ruling
    more = _more(left, facts, pack, engine)
    every = sorted((*ruling.receivers, *more), key=lambda each: delivery_order(each.desk, each.view_group))
    return ruling._replace(receivers=tuple(every))


def _more(left: Iterable[Had], facts: Facts, pack: Pack, engine: Engine) -> Iterator[ReceiverRuling]:
    event_type, passes = facts.event["event_type"], engine.passing(facts)
    for each in left:
        view = pack.views.again(each.names, event_type) if each.names else None
        if view is None or not passes(each.desk, view):
            continue
        through = (TRANSFORMS[name] for name in each.names if name in TRANSFORMS)
        marks = (str(each.mark) for each in through if each.mark is not None and each.marks(facts.event))
        yield ReceiverRuling(
            desk=each.desk,
            view_group=each.view_group,
            view=view,
            rules=(REVISION_RULE,),
            priority=facts.input_priority(),
            priority_reason=_REASON,
            feed=_FEED,
            obligations=(),
            marks=tuple(dict.fromkeys((*engine.marks(facts), *marks))),
        )
