"""What became of events, in words and as JSON: for ``sambus receipts`` and whoever follows what it has published."""

from typing import Any

from deploy.cli.names import title_of
from producers.receipts import Feedback, News
from schemas.receipts import Fate, ReceiptLine

_FEEDBACK = {
    "used": ("använd", "used"),
    "not_used": ("inte använd", "not used"),
    "led_to": ("ledde till något", "led to something"),
    "known_before": ("känd sedan tidigare", "known before"),
    "wrong": ("fel", "wrong"),
}
_ANSWERS = {
    "acknowledged": ("bekräftat", "acknowledged"),
    "accepted": ("antagit", "taken it on"),
    "declined": ("avböjt", "declined"),
    "confirmed": ("bekräftat åtgärden", "confirmed"),
    "done": ("redovisat", "reported it done"),
}


def fate_words(told: ReceiptLine | Feedback, lang: str) -> list[str]:
    """What became of an event, a line for each thing to say; numbers and codes, never content."""
    swedish = lang == "sv"
    if isinstance(told, Feedback):
        return [f"återkoppling: {_word(_FEEDBACK, told.kind, lang)}" if swedish else _feedback_en(told)]
    name = title_of(told.event_type, lang) if told.event_type else ""
    lines = [f"{name + ': ' if name else ''}{_said(told, lang)}"]
    lines += [
        f"{p.code}{' ' + p.pointer if p.pointer else ''}: {p.remedy_sv if swedish else p.remedy_en}"
        for p in told.problems
    ]
    return lines


def _feedback_en(told: Feedback) -> str:
    return f"feedback: {_word(_FEEDBACK, told.kind, 'en')}"


def _word(words: dict[str, tuple[str, str]], name: str, lang: str) -> str:
    found = words.get(name, (name, name))
    return found[0] if lang == "sv" else found[1]


def _said(told: ReceiptLine, lang: str) -> str:
    swedish = lang == "sv"
    match told.fate:
        case Fate.ACCEPTED if told.desks:
            kept = ""
            if told.kept_from:
                kept = f", undanhållen från {told.kept_from}" if swedish else f", kept from {told.kept_from}"
            return (f"delad med {told.desks}" if swedish else f"shared with {told.desks}") + kept
        case Fate.ACCEPTED:
            return "mottagen, ingen annan fick den" if swedish else "accepted, nobody else got it"
        case Fate.DUPLICATE:
            return "fanns redan" if swedish else "the bus had it already"
        case Fate.QUARANTINED:
            return "i karantän" if swedish else "in quarantine"
        case Fate.ANSWERED:
            counts = ", ".join(f"{each.desks} {_word(_ANSWERS, each.kind, lang)}" for each in told.answers)
            return f"av dem som ska svara har {counts}" if swedish else f"of those who must answer: {counts}"
        case Fate.REACHED_MORE:
            more = f"nådde {told.desks} till" if swedish else f"reached {told.desks} more"
            return f"{more} ({told.outcome})"


def fate_json(news: News) -> dict[str, Any]:
    """What became of an event, as ``--json`` shows it."""
    told = news.told
    if isinstance(told, Feedback):
        said: dict[str, Any] = {"event_id": told.event_id, "fate": "feedback", **told._asdict()}
    else:
        said = {"event_id": told.event_id, "fate": told.fate.value, **told.model_dump(mode="json")}
    return said | {"topic": news.topic, "partition": news.partition, "offset": news.offset}
