"""A card as JSON for pages: everything that a person needs of one real event, and nothing that they may not see."""

from collections.abc import Iterable
from typing import Any

from consumers.cards import Card, Pointer, Report, Tie, Word
from consumers.feed import Delivery
from schemas.reads import ReadDelivery


def card_view(card: Card) -> dict[str, Any]:
    """A card.

    Shape: ``priority`` is the most urgent of its reports, with its reason; ``newest_at`` tells how fresh it is;
    ``reports`` oldest first, each with its own grading and handling and the views that were delivered of it.
    """
    metas = [view.meta for report in card.reports for view in report.views]
    first = min(metas, key=lambda meta: (meta.priority, meta.published_at), default=None)
    return {
        "card_id": card.card_id,
        "priority": None if first is None else first.priority,
        "priority_reason": None if first is None else first.priority_reason,
        "newest_at": max((report.published_at for report in card.reports), default=None),
        "origin_units": sorted({report.origin.partition("/")[0] for report in card.reports}),
        "sources": card.sources,
        "same_origin": card.same_origin,
        "synthetic": bool(metas) and all(meta.synthetic for meta in metas),
        "reports": [_report(report) for report in card.reports],
        "unread": card.unread,
        "joins": [_tie(tie) for tie in card.joins],
        "links": [_tie(tie) for tie in card.links],
    }


def _report(report: Report) -> dict[str, Any]:
    main = report.views[0] if report.views else None
    return {
        "event_id": report.event_id,
        "event_type": report.event_type,
        "revision": report.revision,
        "origin": report.origin,
        "grading": report.grading or None,
        "handling": None if main is None else main.meta.handling,
        "handling_text": None if main is None else main.event.get("handling_text"),
        "sensitivity": None if main is None else main.meta.sensitivity,
        "standing": report.standing,
        "marks": report.marks,
        "reported_at": report.reported_at,
        "published_at": report.published_at,
        "former": [
            {
                "event_id": each.event_id,
                "revision": each.revision,
                "published_at": each.published_at,
                "grading": each.grading or None,
                "standing": each.standing,
            }
            for each in report.former
        ],
        "pointers": [_pointer(each) for each in report.pointers],
        "views": [_view(each) for each in report.views],
    }


def _view(item: Delivery) -> dict[str, Any]:
    return {
        "position": {"partition": item.position.partition, "offset": item.position.offset},
        "meta": item.meta.model_dump(mode="json"),
        "event": item.event,
    }


def _pointer(pointer: Pointer) -> dict[str, Any]:
    return {
        "event_id": pointer.event_id,
        "kinds": pointer.kinds,
        "pointer_ref": pointer.pointer_ref,
        "contact": pointer.contact,
    }


def _tie(tie: Tie) -> dict[str, Any]:
    return {
        "one": tie.one,
        "other": tie.other,
        "state": tie.state,
        "same_origin": tie.same_origin,
        "independent": tie.independent,
        **_word(tie.word),
        "words": [_word(each) for each in tie.words],
    }


def _word(word: Word) -> dict[str, Any]:
    return {
        "link_id": word.link_id,
        "by": word.by,
        "relation": word.relation,
        "status": word.status,
        "features": word.features,
        "score": word.score,
        "decided_by": word.decided_by,
        "reason": word.reason,
        "reported_at": word.reported_at,
    }


def reads_on(cards: Iterable[Card]) -> list[ReadDelivery]:
    """The deliveries that cards show, for the read log."""
    views = [view.meta for card in cards for report in card.reports for view in report.views]
    read = (ReadDelivery(event_id=m.event_id, revision=m.revision, view_group=m.view_group) for m in views)
    return list(dict.fromkeys(read))
