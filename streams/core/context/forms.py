"""The form of ``streams/matching/context.yaml``: radii, times, weights and what counts as new."""

from functools import lru_cache
from typing import Annotated

import yaml
from pydantic import Field

from schemas.model import Model, Ref
from schemas.vocabulary import Identification
from streams.core.enrich.forms import MATCHING, When

Metres = Annotated[int, Field(gt=0, le=200_000)]
Days = Annotated[int, Field(gt=0, le=800)]
Weight = Annotated[float, Field(ge=0, lt=1)]


class Around(Model):
    """How far away and how long ago something still counts."""

    radius_m: Metres
    days: Days


class ConflictLine(Model):
    """What an event of this kind weighs, itself and for others nearby."""

    when: When
    own: Weight
    near: Weight


class Conflict(Around):
    """The conflict score (konfliktpoäng) and the count of violence nearby."""

    half_life_days: Annotated[float, Field(gt=0)]
    same_m: Metres
    same_minutes: Annotated[int, Field(gt=0)]
    lines: list[ConflictLine]


class NoveltyTerms(Model):
    """What counts as a first time, and from when on a memory may say so."""

    days: Days
    learning_days: Annotated[int, Field(ge=0, le=400)]
    at_once_tier: Annotated[int, Field(ge=0, le=3)]
    identifications: list[Identification]
    except_: Annotated[list[Ref], Field(alias="except")]


class ContextTerms(Model):
    """The whole file."""

    version: Ref
    cluster: Around
    conflict: Conflict
    displacement: Around
    novelty: NoveltyTerms


@lru_cache(maxsize=1)
def load_context() -> ContextTerms:
    """The terms of this build. Errors: pydantic's ``ValidationError`` with every fault."""
    return ContextTerms.model_validate(yaml.safe_load((MATCHING / "context.yaml").read_bytes()))
