"""Signatures of texts: how near their estimate is, and that nothing of a text stands in them."""

from collections import Counter
from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from streams.core.link.text import SIGNATURE_BYTES, likeness, shingles, signature, words_of

WORDS = words_of(
    "källan uppger två män säljer kokain torget fredag kväll grå volvo lägenhet förråd pistol skott smällar vittnen "
    "buss station park garage leverans gram tabletter påsar kontanter telefon ungdomar skola kvinna chaufför hyrbil"
)
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(" ".join)


@given(TEXTS)
def test_a_text_is_like_itself(text: str) -> None:
    """The same words in another order, in capitals and with other signs are the same text."""
    shuffled = ", ".join(reversed(text.upper().split()))
    assert likeness(signature(text), signature(shuffled)) == 1.0


@given(TEXTS, TEXTS)
def test_likeness_has_no_direction(one: str, other: str) -> None:
    """It is between 0 and 1, and the same both ways."""
    first, second = signature(one), signature(other)
    assert 0 <= likeness(first, second) == likeness(second, first) <= 1


def test_the_estimate_is_near_the_likeness_of_words() -> None:
    """Texts of 24 words that share 18 to 23 of them: the estimate is off by 0.03, rarely by 0.1."""
    off = []
    for shared in range(18, 24):
        for first in range(40):
            common = [f"ord{first}x{n}x{shared}" for n in range(shared)]
            one = " ".join([*common, *(f"ena{first}x{n}x{shared}" for n in range(24 - shared))])
            other = " ".join([*common, *(f"andra{first}x{n}x{shared}" for n in range(24 - shared))])
            off.append(likeness(signature(one), signature(other)) - _cosine(one, other))
    assert max(map(abs, off)) < 0.13
    assert abs(sum(off) / len(off)) < 0.02
    assert sqrt(sum(each * each for each in off) / len(off)) < 0.035


def test_a_slip_and_another_ending_change_little() -> None:
    """Stems and groups of letters carry over what fingers and endings change."""
    text = "Två personer misstänks för försäljning av kokain vid torget"
    assert likeness(signature(text), signature("Två personer misstänkt för försäljnng av kokain vid torget")) > 0.8


def test_another_number_changes_much() -> None:
    """200 grammes at 10 are not 900 at 22."""
    text = "Leverans av 200 gram vid torget klockan 10"
    assert likeness(signature(text), signature("Leverans av 900 gram vid torget klockan 22")) < 0.7


def test_other_texts_are_not_alike() -> None:
    """Small words that every text has do not count."""
    one = "Källan uppger att en kvinna förvarar vapen i en lägenhet på Storgatan"
    other = "Patrull kallas till ett slagsmål utanför en restaurang i Umeå och griper två män"
    assert likeness(signature(one), signature(other)) < 0.3


def test_a_text_without_words_is_like_nothing() -> None:
    """Not even like another such."""
    assert signature("… och, i!") == b""
    assert likeness(b"", b"") == 0.0


def test_a_signature_is_short_whatever_the_text() -> None:
    """It holds 512 bits of votes: of a long text as of a short one, and never a word."""
    text = " ".join(WORDS) * 20
    assert len(signature(text)) == SIGNATURE_BYTES
    assert all(word.encode() not in signature(text) for word in WORDS)


def test_a_copy_shares_runs_of_words() -> None:
    """One word changed in twelve leaves runs in common; another text has none."""
    text = "Nässpray stark kvalitet skickas från Göteborg nästa dag diskret paket minsta köp fem"
    copy = text.replace("paket", "kuvert")
    assert set(shingles(text, 6)) & set(shingles(copy, 6))
    assert not set(shingles(text, 6)) & set(shingles("Gräs och brass i Stockholm med leverans inom en timme", 6))


def _cosine(one: str, other: str) -> float:
    """The likeness as it is counted with the words at hand: each stands for itself and its groups of letters."""
    first, second = _votes(one), _votes(other)
    dot = sum(first[each] * second[each] for each in first)
    return dot / sqrt(sum(n * n for n in first.values()) * sum(n * n for n in second.values()))


def _votes(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in set(words_of(text)):
        found[word] += 8  # a word with a digit votes for itself alone
    return found
