"""What an outsider is told of an event is, byte for byte, what it is told of none: a property over many askers."""

import contextlib
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.explanation import Answer, Stored, answer, overview
from consumers.folding import Cards
from consumers.ledger import Search
from deploy.cli.explain import tell
from schemas.gazetteer import load_gazetteer
from schemas.partners import PARTNERS
from schemas.records import Decision, Quarantined, Withheld
from schemas.vocabulary import Function
from tests.consumers.carded import DESK, event_id, link, report
from tests.consumers.made import PUBLISHER, decision, new_id, quarantined, receiver

GAZETTEER = load_gazetteer()
DESKS = sorted(desk for code in GAZETTEER.units for desk in GAZETTEER.desks(code)) + [
    f"{code}/{function}" for code in PARTNERS for function in (Function.INVESTIGATION, Function.INTELLIGENCE)
]
#: The asker's own cards, with a link on the event that is asked about: nothing of them is told beside no answer.
CARDS = Cards([report(1), report(2), link(9, 1, 2)])
SOME = st.lists(st.sampled_from(DESKS), max_size=6)


def said(found: Answer, cards: Cards | None = None, *, as_json: bool, lang: str) -> tuple[int, str, str]:
    """Exit code and both outputs of ``sambus explain`` for an answer."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = tell(Search(found, datetime.now(UTC), cards), event_id(1), DESK, as_json=as_json, lang=lang)
    return code, out.getvalue(), errors.getvalue()


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Decision], list[tuple[str, Quarantined]]]:
    """What the bus may hold of one event: revisions shared and withheld, drops, what followed, a rejection."""
    event_id = new_id()
    made = []
    for outcome in draw(
        st.lists(
            st.sampled_from(["shared", "origin_only", "RETRY_SAME_ID", "released", "recalled", "linked"]), max_size=3
        )
    ):
        receivers = (
            [receiver(desk) for desk in draw(SOME)] if outcome in {"shared", "released", "recalled", "linked"} else []
        )
        withheld = [Withheld(desk=desk, rules=["B05"], proposed_by=["S03"]) for desk in draw(SOME)]
        made.append(decision(event_id, receivers, withheld, outcome=outcome))
    rejected = [("0:7", quarantined(PUBLISHER, event_id))] if draw(st.booleans()) else []
    return made, rejected


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("lang", ["sv", "en"])
@settings(deadline=None)  # the first to print loads the pack for its rules' titles
@given(history=histories(), askers=st.lists(st.sampled_from(DESKS), min_size=5, max_size=15, unique=True))
def test_an_outsiders_answer_is_that_of_no_event(
    history: tuple[list[Decision], list[tuple[str, Quarantined]]], askers: list[str], as_json: bool, lang: str
) -> None:
    """Whoever was withheld from it, and everybody else but publisher and receivers."""
    decisions, rejected = history
    nothing = said(Answer(), as_json=as_json, lang=lang)
    assert nothing[0] == 1
    entitled = {line.desk for made in decisions for line in made.receivers}
    if decisions or rejected:
        entitled.add(PUBLISHER)
    for asker in {*askers, PUBLISHER, *(line.desk for made in decisions for line in made.withheld)}:
        told = said(answer(decisions, rejected, asker, GAZETTEER), CARDS, as_json=as_json, lang=lang)
        assert (told == nothing) == (asker not in entitled)


@settings(deadline=None)  # the first to print loads the pack for its rules' titles
@given(history=histories(), lang=st.sampled_from(["sv", "en"]), as_json=st.booleans())
def test_no_answer_names_a_desk_to_anybody(
    history: tuple[list[Decision], list[tuple[str, Quarantined]]], lang: str, as_json: bool
) -> None:
    """A receiver is not told of others, the publisher and operations only numbers."""
    decisions, _ = history
    named = {PUBLISHER} | {line.desk for made in decisions for line in made.receivers}
    named |= {line.desk for made in decisions for line in made.withheld}
    answers = [answer(decisions, [], asker, GAZETTEER) for asker in named]
    answers.append(Answer(tuple(overview(Stored(made, "1:2", 0, 3, "ab"), GAZETTEER) for made in decisions)))
    for found in answers:
        _, out, _ = said(found, as_json=as_json, lang=lang)
        assert not [desk for desk in named if desk in out]


def test_operations_are_told_numbers_rules_and_places() -> None:
    """Whoever published it: outcome, rules with counts, hash, offsets, the place in the chain."""
    made = decision(
        new_id(),
        [receiver(PUBLISHER), receiver("se.stockholm/intelligence", "S03")],
        [Withheld(desk="se.noa/intelligence", rules=["B04"], proposed_by=["S03"])],
    )
    found = Answer((overview(Stored(made, "2:117", 3, 41, "c0ffee"), GAZETTEER),))
    code, out, _ = said(found, as_json=False, lang="en")
    assert code == 0
    for word in (
        "Shared with 1 other desks",
        "S03",
        "B04",
        "2:117",
        "lane 3, no 41, c0ffee",
        "in.gateway:0:17",
        "0" * 64,
    ):
        assert word in out
    told = found.decisions[0].operator
    assert told is not None
    assert (told.where, told.lane, told.number, told.digest) == ("2:117", 3, 41, "c0ffee")
    assert (told.told.desks, told.told.kept_from) == (1, 1)
