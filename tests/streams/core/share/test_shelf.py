"""The map that never changes: what a dict would hold, at every step of its making."""

from hypothesis import given
from hypothesis import strategies as st

from streams.core.share.shelf import Shelf

KEYS = st.text(max_size=2)


@given(st.lists(st.tuples(KEYS, st.integers()), max_size=60), KEYS)
def test_it_holds_what_a_dict_would_and_no_put_changes_an_earlier_one(puts: list[tuple[str, int]], absent: str) -> None:
    """Also for keys that share a drawer, and keys put in twice."""
    shelf, plain = Shelf[int](), dict[str, int]()
    steps = []
    for key, value in puts:
        shelf, plain = shelf.put(key, value), {**plain, key: value}
        steps.append((shelf, plain))
    for made, held in steps:
        assert len(made) == len(held)
        assert {key: made.get(key) for key in held} == held
        assert made.get(absent) == held.get(absent)
    again = Shelf[int]()
    for key, value in reversed(plain.items()):
        again = again.put(key, value)
    assert again == shelf
