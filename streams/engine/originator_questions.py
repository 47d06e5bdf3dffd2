"""Questions to originators as deliveries: asked in the transaction that withholds an event for want of their leave."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from schemas.codec import Codec
from streams.core.reference import Reference
from streams.core.share import Pack, ReceiverRuling, Ruling
from streams.core.share.facts import Facts
from streams.core.share.orders import Orders
from streams.core.share.question import FLASH, QUESTION, Question, Walls, is_asked, question_of, walls_of
from streams.core.share.ruling import MAIN
from streams.core.share.viewbook import type_view_name
from streams.core.share.views import CompiledView
from streams.engine.notices import notice_id

#: Stands for a rule in a question's delivery: B02 asks for it, no sharing rule routes it.
QUESTION_RULE: Final = "QUESTION"
_REASON: Final = "QUESTION: what you provided may not be shared before you have answered"
#: A flash is acknowledged.
_ACKNOWLEDGE: Final = "acknowledge_5_min"


class OriginatorQuestions:
    """Makes the questions of one worker; what a pack says of them is worked out once."""

    def __init__(self, codec: Codec, reference: Reference) -> None:
        self._codec = codec
        self._reference = reference
        self._known: tuple[Pack, Walls, CompiledView] | None = None

    def of(
        self, event: Mapping[str, Any], now: datetime, ruling: Ruling, orders: Orders, pack: Pack
    ) -> Iterator[tuple[Question, bytes, Ruling]]:
        """The question about an event that is withheld from somebody, its bytes and its receivers; mostly none.

        Errors: ``LookupError`` for a pack without the type view of questions, which cannot be loaded.
        """
        walls, view = self._of_pack(pack)
        if not is_asked(ruling.withheld, walls):
            return
        facts = Facts(event, self._reference.gazetteer, self._reference.substances, now, orders)
        question = question_of(facts, notice_id(facts.now))
        if question is not None:
            priority = int(question.event["priority"])
            receivers = tuple(_receiver(desk, priority, view) for desk in question.desks)
            to = Ruling(receivers, (), "H0", int(question.event["sensitivity"]))
            yield question, self._codec.encode(QUESTION, question.event), to

    def _of_pack(self, pack: Pack) -> tuple[Walls, CompiledView]:
        if self._known is None or self._known[0] is not pack:
            view = pack.views.through(type_view_name(QUESTION), QUESTION)
            if view is None:
                raise LookupError("a pack without the type view of questions")
            self._known = pack, walls_of(pack.rules.values()), view
        return self._known[1:]


def _receiver(desk: str, priority: int, view: CompiledView) -> ReceiverRuling:
    return ReceiverRuling(
        desk=desk,
        view_group=MAIN,
        view=view,
        rules=(QUESTION_RULE,),
        priority=priority,
        priority_reason=_REASON,
        feed=f"feed.questions.{desk.partition('/')[0]}",
        obligations=(_ACKNOWLEDGE,) if priority == FLASH else (),
        marks=(),
    )
