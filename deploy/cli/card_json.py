"""A card for programs: ids, gradings and what holds between its reports. The contents stand in the deliveries."""

from typing import Any

from consumers.cards import Card, Report, Tie


def card_json(card: Card) -> dict[str, Any]:
    """A card as plain values."""
    return {
        "card_id": card.card_id,
        "reports": [_report(report) for report in card.reports],
        "unread": card.unread,
        "sources": card.sources,
        "same_origin": card.same_origin,
        "joins": [_tie(tie) for tie in card.joins],
        "links": [_tie(tie) for tie in card.links],
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "event_id": report.event_id,
        "event_type": report.event_type,
        "revision": report.revision,
        "origin": report.origin,
        "grading": report.grading or None,
        "standing": report.standing,
        "former": [each.event_id for each in report.former],
        "pointers": [
            {"kinds": each.kinds, "pointer_ref": each.pointer_ref, "contact": each.contact} for each in report.pointers
        ],
    }


def _tie(tie: Tie) -> dict[str, Any]:
    word = tie.word
    return {
        "one": tie.one,
        "other": tie.other,
        "state": tie.state,
        "relation": word.relation,
        "features": word.features,
        "score": word.score,
        "by": word.by,
        "decided_by": word.decided_by,
        "reason": word.reason,
        "link_id": word.link_id,
        "said": len(tie.words),
    }
