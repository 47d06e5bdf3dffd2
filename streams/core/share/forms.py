"""The form of rule files: what a rule owner may write, as strict models. Names are checked later."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from streams.core.share.signing import is_public_key

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9_.-]*$", max_length=100)]
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z]+[0-9]*$", max_length=20)]
StrategyRef = Annotated[str, StringConstraints(pattern=r"^S[123](\.[1-9])?-[0-9]{2}$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
FieldPath = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$", max_length=150)]
#: ISO 8601, in one unit: P14D, PT8H, PT5M, PT30S.
Duration = Annotated[str, StringConstraints(pattern=r"^P([1-9][0-9]{0,2}D|T[1-9][0-9]{0,3}[HMS])$")]
Answer = Literal[
    "acknowledged", "accepted", "declined", "confirmed", "done", "feedback", "reply", "graded", "suggested"
]
MarkName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]*$", max_length=40)]
PriorityNo = Annotated[int, Field(ge=1, le=5)]
Operator = Literal[
    "eq", "ne", "in", "not_in", "lt", "lte", "gte", "exists", "missing", "intersects", "excludes", "same_as"
]


class Form(BaseModel):
    """Base of every form: unknown keys are refused, a number is not taken for a text, nor a text for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FieldRef(Form):
    """Another field of the event, or a fact of the engine, to compare with: ``{field: origin_unit.unit}``."""

    field: FieldPath


Value = FieldRef | str | int | float | bool | list[str | int | float | bool]


def _named(value: Any) -> Any:
    """Turn the written form ``[field, operator, value]`` into its named parts; ``all`` may stand last."""
    if isinstance(value, list) and 3 <= len(value) <= 4:  # noqa: PLR2004 - the form's own length
        parts = dict(zip(("field", "operator", "value"), value, strict=False))
        return parts if len(value) == 3 else {**parts, "elements": value[3]}  # noqa: PLR2004
    return value


class Condition(Form):
    """One condition. A path through a list means any of its elements, unless it ends with ``all``."""

    field: FieldPath
    operator: Operator
    value: Value
    elements: Literal["any", "all"] = "any"


Leaf = Annotated[Condition, BeforeValidator(_named)]


class AllOf(Form):
    """One way for an ``any`` block to hold: several conditions together."""

    all: Annotated[list[Leaf], Field(min_length=2)]


Leg = AllOf | Leaf


class When(Form):
    """What must hold: every condition of ``when``, and at least one leg of ``any`` if there is one."""

    when: list[Leaf] = []
    any: Annotated[list[Leg], Field(min_length=1)] | None = None


class Share(Form):
    """Who gets it: the places that ``to`` names, at these levels, the desks with these functions; or partners.

    Shape: without ``level`` the named places themselves. ``down`` adds the units below them. ``desk`` is the
    specialist desk that receives instead of ``functions``. A ``view`` or ``transform`` here narrows this clause
    alone, and what it says under ``unseal`` is seen by its receivers alone.
    """

    to: str | Annotated[list[str], Field(min_length=1)] | None = None
    level: Annotated[list[str], Field(min_length=1)] | None = None
    functions: Annotated[list[str], Field(min_length=1)] | None = None
    desk: str | None = None
    partners: Annotated[list[str], Field(min_length=1)] | None = None
    down: bool = False
    when: list[Leaf] = []
    view: Name | None = None
    transform: list[Name] = []
    unseal: list[FieldPath] = []
    topic: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._{}-]+$", max_length=100)]


class DangerException(When):
    """What a block rule lets through all the same, in a delivery of its own and in a person-free view."""

    share: Annotated[list[Share], Field(min_length=1)]
    view: Name
    priority: PriorityNo
    obligations: list[Name] = []
    reason: Sentence


class Rule(When):
    """One rule: block (``deny``), sharing (``allow``), or one that only marks what is delivered (``mark``).

    Shape: a block rule that ``stops_origin`` touches the publishing desk too; no other does (clarification 8).
    """

    id: RuleId
    title: Sentence
    effect: Literal["allow", "deny", "mark"]
    strategy: list[StrategyRef] = []
    law: Prose | None = None
    reason: Sentence
    note: Prose | None = None
    order: int = 100
    priority: PriorityNo = 4
    obligations: list[Name] = []
    share: list[Share] = []
    view: Name | None = None
    transform: list[Name] = []
    separate: bool = False
    unseal: list[FieldPath] = []
    liftable_by: Literal["originator", "circle_owner", "investigation_leader_or_prosecutor"] | None = None
    passes: Literal["person_free"] | None = None
    stops_origin: bool = False
    mark: MarkName | None = None
    exception: DangerException | None = None


class FieldSet(Form):
    """A named set of fields that several views share."""

    id: Name
    title: Sentence
    fields: Annotated[list[FieldPath], Field(min_length=1)]


class TypeView(Form):
    """The fields of one event type that may leave its origin at all."""

    type: Name
    sets: list[Name] = []
    fields: list[FieldPath] = []


class NamedView(Form):
    """A narrower view that rules ask for by name, with its fields for each event type it is made for."""

    id: Name
    title: Sentence
    person_free: bool = False
    types: Annotated[list[TypeView], Field(min_length=1)]


class ViewFile(Form):
    """A file of views."""

    sets: list[FieldSet] = []
    type_views: list[TypeView] = []
    views: list[NamedView] = []


class MarkRule(Form):
    """A mark that every delivery of an event carries when the conditions hold."""

    mark: MarkName
    when: Annotated[list[Leaf], Field(min_length=1)]


class AccessEntry(Form):
    """What a desk of a function, or a partner of a class, may hold: sensitivity, marks and purposes.

    Shape: ``need_stated`` are the event types that it has stated its need of, once and for all.
    """

    sensitivity: Annotated[int, Field(ge=0, le=4)]
    marks: list[Literal["minors", "protected", "source"]] = []
    purposes: Annotated[list[str], Field(min_length=1)]
    need_stated: list[Name] = []


class Access(Form):
    """Access data: by function, by partner class, by level and function where that differs, and for single desks.

    Shape: ``levels`` is keyed ``local_police_area/prevention``. The narrowest entry holds, and stands for itself.
    """

    functions: dict[str, AccessEntry]
    partners: dict[str, AccessEntry]
    levels: dict[str, AccessEntry] = {}
    desks: dict[str, AccessEntry] = {}


def _public_key(text: str) -> str:
    if not is_public_key(text):
        raise ValueError("this is no public key; `sambus rules key` makes one and prints it")
    return text


PublicKey = Annotated[str, AfterValidator(_public_key)]


class ByField(Form):
    """A time limit that follows from a field of the event: ``{field: payload.urgency, is: {urgent: P3D}}``."""

    field: FieldPath
    limits: Annotated[dict[str, Duration], Field(min_length=1, alias="is")]


class Obligation(Form):
    """What a rule may oblige to. With a time limit it lives: it falls due, and is done or late.

    Shape: it is due ``within`` a time of ``from`` (publication unless a field is named), or ``until`` the moment in a
    field; of several the first counts. ``done_by`` are the answers that meet it, ``each`` whose answer counts.
    Receivers owe it, or only those at these ``levels`` with these ``functions``; the publisher never does.
    """

    text: Sentence
    within: Duration | None = None
    within_by: ByField | None = None
    until: FieldPath | None = None
    starts: Annotated[FieldPath, Field(alias="from")] = "published_at"
    done_by: list[Answer] = []
    each: Literal["desk", "unit", "any"] = "desk"
    levels: list[str] = []
    functions: list[str] = []

    @property
    def lives(self) -> bool:
        """Whether it falls due."""
        return not (self.within is None and self.within_by is None and self.until is None)


def _written_out(value: Any) -> Any:
    """An obligation without a time limit is written as its text alone."""
    return {"text": value} if isinstance(value, str) else value


class PackFile(Form):
    """The pack itself: version, owner, and what holds for all rules."""

    version: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]+(\.[0-9]+)?$")]
    title: Sentence
    owner: Sentence
    in_force_from: date
    control_events: list[Name]
    own_rule: RuleId
    obligations: dict[Name, Annotated[Obligation, BeforeValidator(_written_out)]]
    marks: list[MarkRule] = []
    access: Access
    #: Who may propose and activate the next pack, or roll back: name and public key. It takes two of them.
    signers: dict[Name, PublicKey] = {}
