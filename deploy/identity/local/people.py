"""Made-up people: one for each desk, with what somebody at such a desk may usually do and see."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from schemas.gazetteer import Gazetteer
from schemas.identity import Identity, Mark, Refusal, Role, identity_of
from schemas.partners import PARTNERS
from schemas.vocabulary import Function

_FIRST_NAMES: Final = (
    "Alva", "Bo", "Cecilia", "David", "Elin", "Farid", "Gun", "Hassan", "Ingrid", "Johan", "Karin", "Leila", "Mats",
    "Nora", "Olle", "Petra", "Rolf", "Samira", "Tove", "Ulf", "Vera", "Yusuf", "Åsa", "Örjan",
)  # fmt: skip
#: Stands in every name, so that nobody takes one for a real person's.
MADE_UP: Final = "Påhittad"

#: Clarification 17: intelligence desks may hold more than others.
_INTELLIGENCE_SENSITIVITY, _OTHER_SENSITIVITY = 3, 2
_USUAL_ROLES: Final = (Role.PUBLISHER, Role.READER)

#: What a request for a person may change, by the name of its field.
CHANGES: Final[tuple[str, ...]] = ("roles", "sensitivity", "marks", "circles")


def person_of(desk: str, changes: Mapping[str, Iterable[str]] | None = None) -> dict[str, Any]:
    """The claims of the made-up person of a desk, but those of the token itself.

    Shape: ``changes`` may give ``roles``, ``sensitivity``, ``marks`` and ``circles`` other than usual, as texts.
    Errors: ``ValueError`` when that gives no identity.
    """
    function = desk.partition("/")[2]
    digest = sha256(desk.encode()).digest()
    told = {name: list(values) for name, values in (changes or {}).items()}
    usual = _INTELLIGENCE_SENSITIVITY if function == Function.INTELLIGENCE else _OTHER_SENSITIVITY
    claims: dict[str, Any] = {
        "sub": f"made-up-{digest[:6].hex()}",
        "name": f"{_FIRST_NAMES[digest[6] % len(_FIRST_NAMES)]} {MADE_UP}",
        "sambus_desk": desk,
        "sambus_roles": told.get("roles", [role.value for role in _USUAL_ROLES]),
        "sambus_sensitivity": int(told["sensitivity"][0]) if told.get("sensitivity") else usual,
        "sambus_marks": told.get("marks", [mark.value for mark in Mark if function == Function.INTELLIGENCE]),
        "sambus_circles": told.get("circles", []),
    }
    if isinstance(identity_of(claims), Refusal):
        raise ValueError("these claims give no identity")  # noqa: TRY004 - it is no type of the caller's
    return claims


def desks_like(text: str, gazetteer: Gazetteer, limit: int = 60) -> list[tuple[str, str]]:
    """Desks of units whose name or code holds or resembles a text, with the unit's name."""
    wanted = text.strip().casefold()
    held = [u for u in gazetteer.units.values() if wanted in u.code.casefold() or wanted in u.name.casefold()]
    codes = dict.fromkeys([unit.code for unit in held] + [hit.code for hit in gazetteer.search(text, 5)])
    found = [(desk, gazetteer.units[code].name) for code in codes for desk in gazetteer.desks(code)]
    found += [
        (f"{partner.code}/{Function.COORDINATION}", partner.title_sv)
        for partner in PARTNERS.values()
        if wanted in partner.code or wanted in partner.title_sv.casefold()
    ]
    return found[:limit]


def identity_for(desk: str, **changes: Iterable[str]) -> Identity:
    """The identity that a desk's made-up person has. Errors: ``ValueError``."""
    found = identity_of(person_of(desk, changes))
    if isinstance(found, Refusal):
        raise ValueError(found.code)  # noqa: TRY004 - it is no type of the caller's
    return found
