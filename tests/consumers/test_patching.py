"""Single fields are set and taken away by pointers; a pointer that leads nowhere changes nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.patching import patched
from schemas.problems import Problem, RejectCode

BODY: dict[str, Any] = {"areas": ["a", "b"], "payload": {"count": 1, "items": [{"kind": "x"}]}, "a/b": {"~": 1}}


@pytest.mark.parametrize(
    ("put", "taken", "made"),
    [
        ({"/payload/count": 2}, (), {"payload": {"count": 2, "items": [{"kind": "x"}]}}),
        ({"/areas/1": "c"}, (), {"areas": ["a", "c"]}),
        ({"/areas/-": "c"}, (), {"areas": ["a", "b", "c"]}),
        ({"/payload/items/0/kind": "y"}, (), {"payload": {"count": 1, "items": [{"kind": "y"}]}}),
        ({"/new": None}, (), {"new": None}),
        ({"/a~1b/~0": 2}, (), {"a/b": {"~": 2}}),
        ({}, ("/areas/0",), {"areas": ["b"]}),
        ({}, ("/payload/items",), {"payload": {"count": 1}}),
    ],
    ids=repr,
)
def test_what_a_pointer_names_is_changed_and_nothing_else(
    put: dict[str, Any], taken: tuple[str, ...], made: dict[str, Any]
) -> None:
    """And the body that was given stays as it is."""
    before = repr(BODY)
    assert patched(BODY, put, taken) == BODY | made
    assert repr(BODY) == before


@pytest.mark.parametrize(
    "pointer", ["", "areas", "/areas/2", "/areas/x", "/payload/count/x", "/none/x", "/areas/-1", "/payload/items/0/k/z"]
)
def test_a_pointer_that_leads_nowhere_is_told(pointer: str) -> None:
    """By itself, with no word of what stands there."""
    assert patched(BODY, {pointer: 1}) == (Problem(RejectCode.FIELD_UNKNOWN, pointer),)
    assert patched(BODY, {}, (pointer,)) == (Problem(RejectCode.FIELD_UNKNOWN, pointer),)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.text(alphabet="ab01/", max_size=2), inner, max_size=3)


@given(
    st.recursive(st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3) | _objects(inner)),
    st.text(alphabet="/~01ab-", max_size=8),
)
def test_no_pointer_and_no_body_makes_it_fail(value: Any, pointer: str) -> None:
    """Whatever is sent is changed or told."""
    made = patched({"a": value}, {pointer: 0}, (pointer,))
    assert isinstance(made, dict | tuple)
