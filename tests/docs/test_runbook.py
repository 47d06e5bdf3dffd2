"""The runbook: a page for each alarm, with its words, what to look at, what to do and how one knows that it is done."""

import re

import pytest

from schemas.alarms import ALARMS, AlarmCode
from tests.docs.tables import ROOT

FOLDER = ROOT / "docs" / "runbook"
HEADINGS = ("What it means", "How to see it", "Heal it", "Healed when")


def _sections(code: AlarmCode) -> dict[str, str]:
    """The text under each heading of a page, in their order."""
    parts = re.split(r"^## (.+)$", (FOLDER / f"{code}.md").read_text("utf-8"), flags=re.MULTILINE)
    return {heading: text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_there_is_a_page_for_each_alarm_and_no_other() -> None:
    """Whoever is woken by a code finds it by that."""
    assert {page.stem for page in FOLDER.glob("*.md")} == set(AlarmCode)


@pytest.mark.parametrize("code", AlarmCode)
def test_a_page_has_what_somebody_woken_needs(code: AlarmCode) -> None:
    """Four headings, none of them empty; steps to heal are numbered or commands."""
    sections = _sections(code)
    assert tuple(sections) == HEADINGS
    assert min(map(len, sections.values())) > 40
    assert "1. " in sections["Heal it"]


@pytest.mark.parametrize("code", AlarmCode)
def test_a_page_begins_with_the_alarms_own_words(code: AlarmCode) -> None:
    """In both languages, as status, console and alert have them."""
    title, _, rest = (FOLDER / f"{code}.md").read_text("utf-8").partition("\n\n")
    begins = rest.partition("## ")[0]
    alarm = ALARMS[code]
    assert title == f"# {code}"
    for words in (alarm.meaning_en, alarm.meaning_sv, alarm.remedy_en, alarm.remedy_sv):
        assert words in begins
