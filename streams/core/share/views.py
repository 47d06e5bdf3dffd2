"""Views: which fields of an event a receiver sees. Allow-lists, intersected, compiled to a projection."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, TypeAlias

from streams.core.share.fields import leaves_of, without
from streams.core.share.transforms import TRANSFORMS, Transform

Projection: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]

#: The name that a view carries when a release narrowed it to the fields that it names.
RELEASED: Final = "released"
#: The name that it carries when a joint operation narrowed it to the fields that it allows.
LIMITED: Final = "operation"
#: What goes with whatever is released: which event it is, and how it must be handled.
_WITH_EVERY_RELEASE: Final = frozenset(
    {
        "event_id",
        "event_type",
        "schema_version",
        "revision",
        "supersedes",
        "published_at",
        "purpose",
        "handling",
        "handling_text",
        "sensitivity",
        "provenance.root_ids",
        "synthetic",
    }
)
#: The name of the view in which a desk has what it published itself.
OWN: Final = "own"


@dataclass(frozen=True, slots=True)
class Lens:
    """What one rule contributes to a receiver's view of one event type."""

    names: tuple[str, ...]
    fields: frozenset[str]
    transforms: tuple[str, ...]
    person_free: bool


@dataclass(frozen=True, slots=True, eq=False)
class CompiledView:
    """The view of one receiver: what every contributing rule lets through, and their transforms.

    Shape: ``names`` are the views and transforms that were combined, for the ledger.
    Units: ``delay`` is how long it is held back, but for danger: ``held_until``.
    """

    event_type: str
    names: tuple[str, ...]
    fields: frozenset[str]
    person_free: bool
    pick: Projection = field(repr=False)
    changes: tuple[Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]], ...] = field(repr=False)
    delay: timedelta = timedelta()


def combine(event_type: str, lenses: Iterable[Lens]) -> CompiledView:
    """The view through several lenses: a field survives only if every one lets it through.

    Shape: at least one lens. The result is the same whatever the order of the lenses.
    """
    through = list(lenses)
    transforms = sorted({name for lens in through for name in lens.transforms})
    views = sorted({name for lens in through for name in lens.names})
    fields = frozenset.intersection(*(lens.fields for lens in through))
    changes = tuple(change for name in transforms if (change := TRANSFORMS[name].change) is not None)
    return CompiledView(
        event_type,
        (*views, *transforms),
        fields,
        any(lens.person_free for lens in through),
        _projection(fields),
        changes,
        max((TRANSFORMS[name].delay for name in transforms), default=timedelta()),
    )


def own_view(event_type: str) -> CompiledView:
    """The whole event, for the desk that published it (clarification 8)."""
    return CompiledView(event_type, (OWN,), leaves_of(event_type), person_free=False, pick=_whole, changes=())


def narrowed(view: CompiledView, allowed: Iterable[frozenset[str]], by: str) -> CompiledView:
    """A view as orders allow it: its fields that every one of them names, and what goes with whatever is released.

    Shape: an order names fields or groups of them, with or without ``payload`` before them; ``by`` is the name
    that the view carries for it, RELEASED or LIMITED.
    """
    fields = view.fields
    for names in allowed:
        fields -= without(fields, names | {f"payload.{name}" for name in names}) - _WITH_EVERY_RELEASE
    return replace(view, names=(*view.names, by), fields=fields, pick=_projection(fields))


def lens_of(
    event_type: str,
    allowed: Sequence[tuple[str, frozenset[str]]],
    transforms: Sequence[Transform],
    *,
    person_free: bool,
) -> Lens:
    """A lens from named allow-lists and transforms: the fields that all of them leave.

    Shape: the type view comes first; what a transform shows goes with it as far as the type view lets it.
    """
    fields = frozenset.intersection(*(fields for _, fields in allowed))
    for transform in transforms:
        fields |= transform.shows & allowed[0][1]
    for transform in transforms:
        fields = transform.narrow(fields, event_type)
    names = tuple(name for name, _ in allowed)
    return Lens(names, fields, tuple(transform.name for transform in transforms), person_free)


def project(event: Mapping[str, Any], view: CompiledView) -> dict[str, Any]:
    """The minimised event: what the view lets through, then its transforms. A hidden field is not there at all.

    Shape: an event as decoded in; a new dict out, which may share unchanged values with the event.
    """
    return changed(view.pick(event), view, event)


def changed(picked: dict[str, Any], view: CompiledView, event: Mapping[str, Any]) -> dict[str, Any]:
    """What a view lets through of an event, after its transforms. Equal to ``picked`` when they change nothing."""
    seen = picked
    for change in view.changes:
        seen = change(seen, event)
    return seen


def _whole(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value is not None}


def _projection(fields: Iterable[str]) -> Projection:
    tree: dict[str, Any] = {}
    for path in sorted(fields):
        branch = tree
        *above, last = path.split(".")
        for step in above:
            branch = branch.setdefault(step, {})
        branch[last] = None
    return _picker(tree)


def _picker(tree: Mapping[str, Any]) -> Projection:
    leaves = tuple(name for name, inner in tree.items() if inner is None)
    branches = tuple((name, _picker(inner)) for name, inner in tree.items() if inner is not None)

    def pick(source: Mapping[str, Any]) -> dict[str, Any]:
        get = source.get
        out: dict[str, Any] = {name: value for name in leaves if (value := get(name)) is not None}
        for name, inner in branches:
            value = get(name)
            if value is None:
                continue
            if isinstance(value, list):
                out[name] = [inner(item) for item in value]
            else:
                out[name] = inner(value)
        return out

    return pick
