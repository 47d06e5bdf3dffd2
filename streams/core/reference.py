"""The reference data a decision stands on, as one value, so that every stage sees the same versions."""

from typing import NamedTuple

from schemas.gazetteer import Gazetteer, load_gazetteer
from schemas.substances import SubstanceRegister, load_substances


class Reference(NamedTuple):
    """Gazetteer and substance register, each with its version."""

    gazetteer: Gazetteer
    substances: SubstanceRegister


def load_reference() -> Reference:
    """The released reference data of this build."""
    return Reference(load_gazetteer(), load_substances())
