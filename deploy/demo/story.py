"""The story that the demo tells, read from ``story.yaml``: chapters, events to publish, and claims to look after."""

from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final

import yaml
from pydantic import Field

from schemas.model import Model, Ref
from schemas.records import Desk

Pointers = dict[str, Any]
CLAIMS: Final = ("got", "not", "only", "withheld", "everywhere", "joined", "linked", "pointed")
_FIELDS: Final = {"not": "not_"}


class Words(Model):
    """A text in both languages."""

    sv: str
    en: str

    def __getitem__(self, lang: str) -> str:
        return self.sv if lang == "sv" else self.en


class Wrong(Model):
    """Why intake must refuse an event, and how it is spoilt if its body alone is not enough.

    ``raw`` sets fields that no model would hold; ``keep_bytes`` cuts the record off.
    """

    code: str
    pointer: str
    raw: Pointers = {}
    keep_bytes: int | None = None


class Telling(Model):
    """One event to publish: a good example or another event of the story, changed as told."""

    name: Ref
    called: Words | None = None  # where the type's title would not tell it from another
    like: str | None = None
    base: str | None = None
    from_desk: Annotated[Desk, Field(alias="from")]
    change: Pointers = {}
    remove: list[str] = []
    wrong: Wrong | None = None
    duplicate: bool = False


class Claim(Model):
    """What must, or must not, be seen after a chapter. Exactly one of the first eight names an event, or some.

    Shape: ``joined`` are the reports that one card of each desk holds, and no other; ``sources`` how many of them
    confirm each other, ``echoes`` those that go back to one origin. ``linked`` are two that have something in common;
    ``pointed`` is a desk's own event that a pointer is about.
    """

    got: Ref | None = None
    not_: Annotated[Ref | None, Field(alias="not")] = None
    only: Ref | None = None
    withheld: Ref | None = None
    everywhere: Ref | None = None
    joined: list[Ref] | None = None
    linked: list[Ref] | None = None
    pointed: Ref | None = None
    sources: int | None = None
    echoes: list[Ref] = []
    kinds: list[str] = []
    desks: list[Desk] = []
    functions: list[str] = []
    by: str | None = None
    rules: list[str] = []
    marks: list[str] = []
    lacks_marks: list[str] = []
    hides: list[str] = []
    revision: int | None = None
    supersedes: Ref | None = None
    priority: int | None = None

    @property
    def kind(self) -> str:
        """Which of the eight claims it is."""
        (kind,) = (kind for kind in CLAIMS if getattr(self, _FIELDS.get(kind, kind)) is not None)
        return kind

    @property
    def events(self) -> list[str]:
        """The names of the events that it is about."""
        named = getattr(self, _FIELDS.get(self.kind, self.kind))
        return list(named) if isinstance(named, list) else [str(named)]

    @property
    def event(self) -> str:
        """The name of the first event that it is about."""
        return self.events[0]


class Chapter(Model):
    """One moment of the day."""

    at: Annotated[str, Field(pattern=r"^[0-2][0-9]:[0-5][0-9]$")]
    title: Words
    text: Words
    events: list[Telling] = []
    again: list[Ref] = []
    claims: list[Claim] = []


@lru_cache(maxsize=1)
def story() -> tuple[Chapter, ...]:
    """The chapters of the day, in order."""
    text = files("deploy.demo").joinpath("story.yaml").read_text(encoding="utf-8")
    return tuple(Chapter.model_validate(chapter) for chapter in yaml.safe_load(text))
