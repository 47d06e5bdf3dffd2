"""The bound on what one desk may let overtake in a minute."""

from streams.core.flash import Allowance


def test_a_desk_has_its_share_of_a_minute_and_no_more() -> None:
    """The minute runs on the bus's clock, and each desk has its own."""
    allowance = Allowance(most=2)
    assert [allowance.take("one", at) for at in (0, 10_000, 20_000)] == [True, True, False]
    assert allowance.take("two", 20_000)
    assert not allowance.take("one", 59_999)
    assert allowance.take("one", 60_000)
    assert not allowance.take("one", 60_001)
    assert allowance.take("one", 70_000)
