"""The strategy's sentences, which rules name as what they carry out, and which of them have a rule that lives."""

from collections.abc import Iterable
from typing import NamedTuple

from streams.core.share.forms import Form, Rule, Sentence, StrategyRef


class StrategySentence(Form):
    """One sentence of the strategy, in our own short words.

    ``sv`` are words of the sentence itself; ``carried_by`` says what carries it out that no rule is for.
    """

    id: StrategyRef
    text: Sentence
    sv: Sentence
    carried_by: Sentence | None = None


class Covered(NamedTuple):
    """One sentence and the rules that carry it out, those that can never take effect apart."""

    sentence: StrategySentence
    rules: tuple[str, ...]
    dead: tuple[str, ...]

    @property
    def is_gap(self) -> bool:
        """Whether neither a live rule nor anything else carries it out."""
        return not self.rules and self.sentence.carried_by is None


class Coverage(NamedTuple):
    """Every sentence with its rules, and the rules that name no sentence of the list."""

    covered: tuple[Covered, ...]
    homeless: tuple[str, ...]

    @property
    def gaps(self) -> tuple[Covered, ...]:
        """The sentences that nothing carries out."""
        return tuple(each for each in self.covered if each.is_gap)


def coverage(sentences: Iterable[StrategySentence], rules: Iterable[Rule], dead: Iterable[str], own: str) -> Coverage:
    """Hold the strategy against the rules.

    Shape: ``dead`` are the ids of rules that can never take effect; ``own``, which gives a desk its own events, needs
    no sentence.
    """
    listed, asleep = list(sentences), frozenset(dead)
    by: dict[str, list[str]] = {sentence.id: [] for sentence in listed}
    homeless = []
    for rule in sorted(rules, key=lambda each: each.id):
        known = [ref for ref in dict.fromkeys(rule.strategy) if ref in by]
        for ref in known:
            by[ref].append(rule.id)
        if not known and rule.id != own:
            homeless.append(rule.id)
    covered = (
        Covered(
            sentence,
            tuple(rule for rule in by[sentence.id] if rule not in asleep),
            tuple(rule for rule in by[sentence.id] if rule in asleep),
        )
        for sentence in listed
    )
    return Coverage(tuple(covered), tuple(homeless))
