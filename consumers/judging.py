"""What holds between two reports after all that was said of them, and how many reports confirm each other."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from consumers.cards import JOINS_CONFIRMED, TieState, Word
from consumers.feed import Delivery
from consumers.tellings import written
from schemas.events.control import LinkRelation, LinkStatus
from schemas.records import desk_address


def said(item: Delivery) -> Word:
    """A link as a word on two events."""
    meta, payload = item.meta, item.event.get("payload") or {}
    return Word(
        link_id=meta.event_id,
        revision=meta.revision,
        by=desk_address(meta.origin.unit, meta.origin.function),
        a_id=str(payload.get("a_id", "")),
        b_id=str(payload.get("b_id", "")),
        relation=LinkRelation(payload.get("relation", LinkRelation.RELATED)),
        status=LinkStatus(payload.get("status", LinkStatus.SUGGESTED)),
        features=tuple(payload.get("features") or ()),
        score=float(payload.get("score") or 0.0),
        same_origin=bool(payload.get("same_origin")),
        independent=bool(payload.get("independent")),
        decided_by=payload.get("decided_by"),
        reason=payload.get("reason"),
        matched_by=payload.get("matched_by"),
        reported_at=written(item),
        published_at=meta.published_at,
    )


def judged(words: Sequence[Word]) -> tuple[TieState, Word]:
    """What holds between two reports, and the word that decides it.

    Shape: at least one word. A person's decision counts before everything else, the latest before the others; without
    one, the bus's last word and the suggestions of units.
    """
    decided = [word for word in words if not word.by_bus and word.status is not LinkStatus.SUGGESTED]
    if decided:
        word = max(decided, key=_time)
        held = TieState.JOINED if word.joins else TieState.LINKED
        return (TieState.PARTED if word.status is LinkStatus.REJECTED else held), word
    still_open = [word for word in words if not word.by_bus] + last_of_bus(words)
    word = max(still_open, key=lambda each: (each.joins, each.status is not LinkStatus.REJECTED, _time(each)))
    if word.joins:
        return TieState.JOINED, word
    if word.status is LinkStatus.REJECTED:
        return TieState.PARTED, word
    return (TieState.SUGGESTED if word.relation in JOINS_CONFIRMED else TieState.LINKED), word


def last_of_bus(words: Sequence[Word]) -> list[Word]:
    """The bus's word that holds, if it said anything: that on the latest revisions of the two.

    The bus numbers its words on two reports so; lanes that found them on their own may say them in another order.
    """
    own = [word for word in words if word.by_bus]
    return [max(own, key=lambda word: (word.revision, _time(word)))] if own else []


def in_time(words: Iterable[Word]) -> list[Word]:
    """Words in the order in which they were said."""
    return sorted(words, key=_time)


def _time(word: Word) -> tuple[datetime, datetime, int, str]:
    return word.reported_at, word.published_at, word.revision, word.link_id


def sources(reports: Sequence[str], same: Sequence[frozenset[str]], apart: Iterable[tuple[str, str]]) -> int:
    """How many of the reports certainly confirm each other.

    Shape: ``same`` are the sets that go back to one origin, ``apart`` the pairs of which a link says that they go
    back to different ones. Of each origin one counts, and only if it is apart from every other that counts; where
    nothing tells, nothing is confirmed. Source: domain event catalogue, section 5, rule 2; domain rules, B09.
    """
    origin_of = {report: report for report in reports}
    origin_of |= {report: min(each) for each in same for report in each}
    beside: dict[str, set[str]] = {origin: set() for origin in origin_of.values()}
    for one, other in apart:
        left, right = origin_of[one], origin_of[other]
        if left != right:
            beside[left].add(right)
            beside[right].add(left)
    return max((_apart_from_each_other(origin, beside) for origin in sorted(beside)), default=0)


def _apart_from_each_other(first: str, beside: Mapping[str, set[str]]) -> int:
    """How many origins, this one included, are each apart from each: never too many, by one walk over them."""
    count, left = 1, set(beside[first])
    while left:
        left &= beside[min(left)]
        count += 1
    return count
