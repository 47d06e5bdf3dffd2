"""The strategy's sentences: all of them there, and which have a rule that lives."""

from pathlib import Path

import pytest

from streams.core.share import Pack, PackError
from streams.core.share.strategy import StrategySentence, coverage
from tests.streams.core.share.packs import PACK, changed


def sentence(name: str, carried_by: str | None = None) -> StrategySentence:
    """A sentence of the strategy."""
    return StrategySentence(id=name, text="words", sv="ord", carried_by=carried_by)


def test_every_sentence_is_there() -> None:
    """Ninety, in order, each once; those that the released rules name among them."""
    ids = [each.id for each in PACK.strategy]
    assert len(ids) == len(set(ids)) == 90
    assert {ref for rule in PACK.rules.values() for ref in rule.strategy} <= set(ids)


def test_sentences_and_rules_are_held_against_each_other() -> None:
    """A dead rule carries nothing out; what something else carries out is no gap; a rule may be homeless."""
    rules = [PACK.rules["OWN"], PACK.rules["S03"], PACK.rules["B01"].model_copy(update={"strategy": []})]
    first, second = PACK.rules["S03"].strategy[:2]
    listed = [sentence(first), sentence(second), sentence("S3-01"), sentence("S3-02", "people")]
    found = coverage(listed, rules, (), "OWN")
    assert [each.rules for each in found.covered] == [("S03",), ("S03",), (), ()]
    assert [each.sentence.id for each in found.gaps] == ["S3-01"]
    assert found.homeless == ("B01",)
    asleep = coverage(listed, rules, ("S03",), "OWN")
    assert [each.sentence.id for each in asleep.gaps] == [first, second, "S3-01"]
    assert asleep.covered[0].dead == ("S03",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("- id: S1-02", "- id: S1-01", "The strategy id S1-01 stands twice, first in strategy.yaml:"),
        ("- id: S1-02", "- id: S1", "id: String should match pattern"),
        ("  carried_by:", "  carriedby:", "There is no key 'carriedby' here. Did you mean 'carried_by'?"),
    ],
)
def test_a_bad_list_of_sentences(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Refused with file and line."""
    with pytest.raises(PackError) as refused:
        Pack.load(changed(tmp_path, "strategy.yaml", old, new))
    assert says in str(refused.value)
    assert "strategy.yaml:" in str(refused.value)


def test_a_rule_that_names_no_sentence_there_is(tmp_path: Path) -> None:
    """A misspelt reference is told with the nearest one."""
    with pytest.raises(PackError, match=r"There is no strategy sentence 'S2\.2-93'\. Did you mean"):
        Pack.load(changed(tmp_path, "sharing-local.yaml", "strategy: [S2.2-13", "strategy: [S2.2-93"))
