"""What the forms show and what it is called: the two data files beside this module, read strictly."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

#: A text in Swedish and in English.
Both = tuple[str, str]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldLayout(_Form):
    """One field of a form: see the head of ``layout.yaml``."""

    at: str
    default: str | int | None = None
    when: dict[str, list[Any] | Literal["filled", "missing"]] = {}
    wanted: bool = False
    optional: bool = False
    kind: Literal["place"] | None = None
    choices: str | None = None
    span: Annotated[int, Field(ge=1, le=6)] = 6
    suggest: list[str | int] = []
    quick: list[int] = []
    fields: "list[FieldLayout] | None" = None


class SectionLayout(_Form):
    """One section of every form."""

    name: str
    folded: bool = False
    fields: list[FieldLayout]


class TypeLayout(_Form):
    """What one type's form has of its own."""

    what: list[FieldLayout]
    more: list[FieldLayout] = []
    defaults: dict[str, str | int] = {}


class Layout(_Form):
    """The whole of ``layout.yaml``."""

    types: list[str]
    sections: list[SectionLayout]
    forms: dict[str, TypeLayout]
    left_out: dict[str, str]


class Words(_Form):
    """The whole of ``words.yaml``: a pair of texts, or two pairs, the second being a help text."""

    sections: dict[str, Both]
    types: dict[str, Both]
    fields: dict[str, Both | tuple[str, str, str, str]]
    ones: dict[str, Both]
    units: dict[str, Both]
    choices: dict[str, dict[str, Both]]

    @field_validator("choices", mode="before")
    @classmethod
    def _numbers_are_names(cls, value: Any) -> Any:
        """YAML reads ``1:`` as a number; a choice is named by its text."""
        return {name: {str(key): both for key, both in found.items()} for name, found in value.items()}


class Called(NamedTuple):
    """What a field is called, and what helps to fill it in."""

    label: Both
    help: Both | None


def called(words: Words, event_type: str, place: str) -> Called:
    """The words of a field. Errors: ``KeyError`` with the place that has none."""
    short = place.removeprefix("payload.")
    for key in (f"{event_type}:{short}", place, short):
        found = words.fields.get(key)
        if found is not None:
            return Called((found[0], found[1]), (found[2], found[3]) if len(found) > 2 else None)  # noqa: PLR2004
    raise KeyError(f"{event_type}: no words for {place}")


@lru_cache(maxsize=1)
def load_layout() -> Layout:
    """The layout that the package carries. Errors: pydantic's, with the place that is wrong."""
    return Layout.model_validate(_read("layout.yaml"))


@lru_cache(maxsize=1)
def load_words() -> Words:
    """The words that the package carries. Errors: pydantic's, with the place that is wrong."""
    return Words.model_validate(_read("words.yaml"))


def _read(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((files("producers.page") / name).read_text("utf-8"))
    return found
