"""Claims as identities: what they give, what gives nothing, and what is refused."""

from typing import Any

import pytest

from schemas.identity import Clearances, Identity, Mark, Refusal, RefusalCode, Role, identity_of
from schemas.vocabulary import Function

CLAIMS: dict[str, Any] = {"sub": "7f3", "sambus_desk": "se.stockholm.stockholm-nord.jarva/intelligence"}


def test_claims_describe_an_identity() -> None:
    """Desk, roles, clearances and circles."""
    found = identity_of(
        CLAIMS
        | {
            "sambus_roles": ["publisher", "reader"],
            "sambus_sensitivity": 3,
            "sambus_marks": ["minors"],
            "sambus_circles": ["op-1"],
            "name": "Alva Påhittad",
        }
    )
    assert isinstance(found, Identity)
    assert (found.unit, found.function) == ("se.stockholm.stockholm-nord.jarva", Function.INTELLIGENCE)
    assert found.roles == {Role.PUBLISHER, Role.READER}
    assert found.clearances == Clearances(sensitivity=3, marks=frozenset({Mark.MINORS}))
    assert found.circles == {"op-1"}


def test_what_is_not_said_gives_nothing() -> None:
    """No role, no sensitivity, no mark, no circle."""
    found = identity_of(CLAIMS)
    assert isinstance(found, Identity)
    assert (found.roles, found.clearances, found.circles) == (frozenset(), Clearances(), frozenset())


def test_an_unknown_role_or_mark_gives_nothing() -> None:
    """An issuer that is newer than this gateway opens no door."""
    found = identity_of(CLAIMS | {"sambus_roles": ["admin", "reader"], "sambus_marks": ["everything"]})
    assert isinstance(found, Identity)
    assert (found.roles, found.clearances.marks) == ({Role.READER}, frozenset())


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": " 7f3"},
        {"sub": 7},
        {"sub": "x" * 500},
        {"sambus_desk": None},
        {"sambus_desk": "se.noa"},
        {"sambus_desk": "se.noa/"},
        {"sambus_desk": "se.noa/intelligence "},
        {"sambus_desk": "se.noa/intelligence\n"},
        {"sambus_desk": "se.noa/intelligence/more"},
        {"sambus_desk": "se.noa/king"},
        {"sambus_desk": "SE.NOA/intelligence"},
        {"sambus_desk": ["se.noa/intelligence"]},
        {"sambus_roles": "publisher"},
        {"sambus_roles": {"publisher": True}},
        {"sambus_roles": [1]},
        {"sambus_roles": None},
        {"sambus_sensitivity": 5},
        {"sambus_sensitivity": -1},
        {"sambus_sensitivity": "3"},
        {"sambus_sensitivity": True},
        {"sambus_marks": "minors"},
        {"sambus_circles": "op-1"},
        {"sambus_circles": [""]},
        {"name": 7},
    ],
    ids=str,
)
def test_claims_of_another_form_are_refused(changes: dict[str, Any]) -> None:
    """Nothing is guessed about who somebody is."""
    assert identity_of(CLAIMS | changes) == Refusal(RefusalCode.CLAIMS)


def test_an_identity_never_changes() -> None:
    """Once known, nobody becomes somebody else."""
    found = identity_of(CLAIMS)
    with pytest.raises(ValueError, match="frozen"):
        found.desk = "se.noa/intelligence"  # type: ignore[misc, union-attr]
