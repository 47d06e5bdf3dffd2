"""A pack's views, checked and worked out: the allow-list of each event type, and the named views on top of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from schemas.catalogue import EVENT_TYPES
from streams.core.share.fields import fields_of, leaves_of, person_leaves, sealed_leaves
from streams.core.share.forms import NamedView, Rule, Share, TypeView
from streams.core.share.loading import PackForms, Placed, suggest
from streams.core.share.problems import PackError, PackProblem
from streams.core.share.transforms import TRANSFORMS
from streams.core.share.views import OWN, CompiledView, Lens, combine, lens_of


@dataclass(frozen=True, slots=True)
class ViewBook:
    """Allow-lists by event type, and named views by name and event type."""

    of_type: Mapping[str, frozenset[str]]
    named: Mapping[str, Mapping[str, frozenset[str]]]
    person_free: frozenset[str]
    _again: dict[tuple[str, ...], CompiledView | None] = field(default_factory=dict, repr=False, compare=False)

    @property
    def names(self) -> frozenset[str]:
        """The names of all views, as decisions show them."""
        return frozenset(self.named) | {type_view_name(event_type) for event_type in self.of_type}

    def through(self, name: str, event_type: str) -> CompiledView | None:
        """One view alone, as a case looks through it; None when it says nothing of the event type."""
        allowed = self.of_type if name == type_view_name(event_type) else self.named.get(name, {})
        if event_type not in allowed:
            return None
        fields = allowed[event_type] & self.of_type[event_type]
        return combine(event_type, [Lens((name,), fields, (), name in self.person_free)])

    def again(self, names: tuple[str, ...], event_type: str) -> CompiledView | None:
        """The view that a delivery was made in, by its names, or a narrower one; None when they do not tell it.

        Shape: what one of several rules unsealed or a transform showed is left out, as the names do not say whether
        the others let it through. The publisher's own view comes back as the type view.
        """
        key = (event_type, *names)
        if key not in self._again:
            self._again[key] = self._made_again(names, event_type)
        return self._again[key]

    def _made_again(self, names: tuple[str, ...], event_type: str) -> CompiledView | None:
        first = type_view_name(event_type)
        others = [name for name in names if name not in (OWN, first)]
        views = {name: allowed for name in others if (allowed := self.named.get(name, {}).get(event_type)) is not None}
        if any(name not in views and name not in TRANSFORMS for name in others):
            return None
        transforms = [replace(TRANSFORMS[name], shows=frozenset()) for name in others if name in TRANSFORMS]
        free = not self.person_free.isdisjoint(views)
        lens = lens_of(event_type, [(first, self.of_type[event_type]), *views.items()], transforms, person_free=free)
        return combine(event_type, [lens])

    def lens(self, rule: Rule, share: Share, event_type: str) -> Lens:
        """What one share clause of a rule lets through: the type view, with what it unseals, the views it names."""
        sealed = frozenset((*rule.unseal, *share.unseal)) & sealed_leaves(event_type)
        asked = [name for name in (rule.view, share.view) if name is not None]
        return self._lens(asked, (*rule.transform, *share.transform), event_type, sealed)

    def exception_lens(self, view: str, event_type: str) -> Lens:
        """What the exception of a block rule lets through."""
        return self._lens([view], [], event_type, frozenset())

    def _lens(self, asked: list[str], transforms: Iterable[str], event_type: str, sealed: frozenset[str]) -> Lens:
        allowed = [(type_view_name(event_type), self.of_type[event_type] | sealed)]
        allowed += [(name, self.named[name][event_type] | sealed) for name in asked]
        free = any(name in self.person_free for name in asked)
        return lens_of(event_type, allowed, [TRANSFORMS[name] for name in transforms], person_free=free)


def type_view_name(event_type: str) -> str:
    """The name of a type's view in the ledger: ``type.drug_seizure``."""
    return f"type.{event_type}"


def build_views(found: PackForms) -> ViewBook:
    """Work out a pack's views. Errors: ``PackError`` with every unknown or sealed field and missing type."""
    problems = list(_doubles(found))
    sets = {entry.form.id: entry.form.fields for entry in found.sets}
    of_type: dict[str, frozenset[str]] = {}
    for entry in found.type_views:
        problems += _field_problems(entry, entry.form, sets, ())
        of_type[entry.form.type] = _fields(entry.form, sets)
    if found.pack is not None:
        for missing in sorted(set(EVENT_TYPES) - set(of_type)):
            message = f"The event type {missing!r} has no type view"
            problems.append(PackProblem("views", 0, message, "Add one under type_views; without it nothing may leave."))
    named: dict[str, dict[str, frozenset[str]]] = {}
    for view in found.views:
        named[view.form.id] = {entry.type: _fields(entry, sets) for entry in view.form.types}
        problems += _named_problems(view, sets, of_type)
    if problems:
        raise PackError(problems)
    return ViewBook(of_type, named, frozenset(view.form.id for view in found.views if view.form.person_free))


def _fields(view: TypeView, sets: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The view's fields. A set may name fields that only some types have; a field of its own must exist."""
    shared = {path for name in view.sets for path in sets.get(name, ())}
    known = leaves_of(view.type) if view.type in EVENT_TYPES else frozenset[str]()
    return (frozenset(shared) & known) | frozenset(view.fields)


def _doubles(found: PackForms) -> Iterator[PackProblem]:
    for entries, key in ((found.sets, "id"), (found.type_views, "type"), (found.views, "id")):
        seen = set()
        for entry in entries:
            name = getattr(entry.form, key)
            if name in seen:
                yield entry.problem(f"{name!r} stands twice", "Keep one of the two.", key)
            seen.add(name)
    every = {path for event_type in EVENT_TYPES for path in leaves_of(event_type)}
    for entry in found.sets:
        for index, path in enumerate(entry.form.fields):
            if path not in every:
                yield entry.problem(f"No event type has the field {path!r}", suggest(path, every), "fields", index)


def _field_problems(
    placed: "Placed[TypeView] | Placed[NamedView]",
    view: TypeView,
    sets: Mapping[str, Iterable[str]],
    at: tuple[str | int, ...],
) -> Iterator[PackProblem]:
    if view.type not in EVENT_TYPES:
        yield placed.problem(f"There is no event type {view.type!r}", suggest(view.type, EVENT_TYPES), *at, "type")
        return
    for index, name in enumerate(view.sets):
        if name not in sets:
            yield placed.problem(f"There is no set {name!r}", suggest(name, sets), *at, "sets", index)
    leaves, sealed = leaves_of(view.type), sealed_leaves(view.type)
    for index, path in enumerate(view.fields):
        if path in fields_of(view.type) and path not in leaves:
            message = f"{path!r} is a group of fields"
            yield placed.problem(message, "Name each field that may be seen.", *at, "fields", index)
        elif path not in leaves:
            message = f"{view.type} has no field {path!r}"
            yield placed.problem(message, suggest(path, leaves), *at, "fields", index)
    for path in sorted(_fields(view, sets) & sealed):
        message = f"{path!r} is sealed"
        yield placed.problem(
            message, "Leave it out; a rule that must show it says unseal.", *at, *_named_at(view, path)
        )


def _named_problems(
    view: Placed[NamedView], sets: Mapping[str, Iterable[str]], of_type: Mapping[str, frozenset[str]]
) -> Iterator[PackProblem]:
    for index, entry in enumerate(view.form.types):
        at = ("types", index)
        yield from _field_problems(view, entry, sets, at)
        if entry.type not in of_type:
            continue
        fields = _fields(entry, sets)
        for path in sorted(fields - of_type[entry.type] - sealed_leaves(entry.type)):
            message = f"{path!r} is outside the type view of {entry.type}, so it would never be seen"
            yield view.problem(message, "Remove it here, or add it to the type view.", *at, *_named_at(entry, path))
        if view.form.person_free:
            for path in sorted(fields & person_leaves(entry.type)):
                message = f"{path!r} leads to a person, and the view is flagged person-free"
                yield view.problem(message, "Remove the field or the flag.", *at, *_named_at(entry, path))


def _named_at(view: TypeView, path: str) -> tuple[str | int, ...]:
    """Where in a view a field comes from: its own list, or its sets."""
    return ("fields", view.fields.index(path)) if path in view.fields else ("sets",)
