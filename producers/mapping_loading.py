"""Loads a mapping file and holds it against the event type; every mistake is told with file, line and remedy."""

import codecs
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import TypeAdapter, ValidationError

from producers.cells import Reading
from producers.event_fields import Kind, NoSuchFieldError, Place, model_at, place_of, put, required
from producers.mapping import EventMapping, MappingError, Source
from producers.mapping_forms import FieldForm, FileForm, MappingForm, field_form
from schemas.catalogue import PUBLISHED_TYPES, EventType
from schemas.marked_yaml import Marked, YamlError, YamlProblem, parse_marked, read_text, suggest

#: The importer gives these, the bus sets those, and a table says neither.
_OWN: Final = frozenset({"event_id", "event_type", "schema_version", "origin_unit", "published_at", "enrichment"})
_KEYS: Final = (*MappingForm.model_fields, *FileForm.model_fields, *FieldForm.model_fields)


def load_mapping(path: Path, key: bytes | None = None) -> EventMapping:
    """Read a mapping file. Shape: ``key`` is for its hashes. Errors: ``MappingError`` with everything that is wrong."""
    try:
        return parse_mapping(read_text(path, path.name), path.name, key)
    except MappingError:
        raise
    except YamlError as error:
        raise MappingError(error.problems) from None


def parse_mapping(text: str, name: str, key: bytes | None = None) -> EventMapping:
    """A mapping from its text. Errors: ``MappingError``."""
    try:
        marked = parse_marked(text, name)
        form = MappingForm.model_validate(marked.data)
    except ValidationError as error:
        raise MappingError(_form_problems(error, marked)) from None
    except MappingError:
        raise
    except YamlError as error:
        raise MappingError(error.problems) from None
    return _Loading(marked, form, key).mapping()


class _Loading:
    """Holds a form against its event type, and gathers what is wrong."""

    def __init__(self, marked: Marked, form: MappingForm, key: bytes | None) -> None:
        self._marked = marked
        self._form = form
        self._key = key
        self._problems: list[YamlProblem] = []

    def mapping(self) -> EventMapping:
        """The mapping. Errors: ``MappingError``."""
        form = self._form
        entry = PUBLISHED_TYPES.get(form.event_type)
        if entry is None:
            self._add(
                ("event_type",),
                f"There is no event type {form.event_type!r}",
                suggest(form.event_type, PUBLISHED_TYPES),
            )
            raise MappingError(self._problems)
        self._check_file(form.file)
        same = {name: place for name in form.same if (place := self._place(entry, ("same", name), name)) is not None}
        body: dict[str, Any] = {}
        for name, place in same.items():
            self._check_value(place, form.same[name], ("same", name))
            put(body, place.steps, _wire(form.same[name]))
        sources = [each for name, said in form.fields.items() if (each := self._source(entry, name, said)) is not None]
        self._check_twice(sources, same)
        self._check_required(entry, [*(place.steps for place in same.values()), *(s.place.steps for s in sources)])
        if self._problems:
            raise MappingError(self._problems)
        return EventMapping(self._marked.file, form, sources, body)

    def _source(self, entry: EventType, name: str, said: FieldForm | str) -> Source | None:
        at, form = ("fields", name), field_form(said)
        place = self._place(entry, at, name)
        if place is None:
            return None
        self._check_form(place, form, at)
        if form.default is not None:
            self._check_value(place, form.default, (*at, "default"))
        for word, value in (form.words or {}).items():
            self._check_word(place, value, (*at, "words", word))
        reading = Reading(
            kind=place.kind,
            many=place.many,
            words=None if form.words is None else {word: _wire(value) for word, value in form.words.items()},
            time=form.time,
            zone=self._zone(),
            decimal=form.decimal or self._form.file.decimal,
            split=form.split,
            key=self._key if form.hash else None,
        )
        return Source(place, form.column, reading, _wire(form.default), self._marked.line(at))

    def _place(self, entry: EventType, at: tuple[str, ...], path: str) -> Place | None:
        if path.partition(".")[0] in _OWN:
            self._add(at, f"{path!r} is not for a table to say", "Take it out: it is filled in.")
            return None
        try:
            return place_of(entry.model, path)
        except NoSuchFieldError as problem:
            self._add(at, f"The event type has no field {path!r}", suggest(problem.name, problem.known))
            return None

    # Checks

    def _check_file(self, form: FileForm) -> None:
        try:
            codecs.lookup(form.encoding)
        except LookupError:
            self._add(("file", "encoding"), "There is no such encoding", "Write utf-8, or cp1252 for older files.")
        try:
            ZoneInfo(form.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._add(("file", "zone"), "There is no such time zone", "Write for example Europe/Stockholm.")

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self._form.file.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")  # told already

    def _check_form(self, place: Place, form: FieldForm, at: tuple[str, ...]) -> None:
        """What is said of a column must make sense for its field."""
        if form.time is not None and place.kind not in (Kind.MOMENT, Kind.DAY):
            self._add((*at, "time"), "The field is no time", "Take `time` out.")
        if form.time is not None and not _is_time_form(form.time):
            self._add((*at, "time"), "That is no form of a time", "Write it as %Y-%m-%d %H:%M.")
        if form.decimal is not None and place.kind not in (Kind.NUMBER, Kind.WHOLE):
            self._add((*at, "decimal"), "The field is no number", "Take `decimal` out.")
        if form.split is not None and not place.many:
            self._add((*at, "split"), "The field is no list", "Take `split` out.")
        if form.hash and (place.kind is not Kind.TEXT or form.words is not None):
            self._add((*at, "hash"), "Only text is hashed, as it stands", "Take `hash` or `words` out.")
        if form.hash and self._key is None:
            self._add((*at, "hash"), "There is no key for hashes", "Name its file in SAMBUS_HASH_KEY_FILE.")

    def _check_value(self, place: Place, value: Any, at: tuple[str, ...]) -> None:
        self._check(place.annotation, value, at)

    def _check_word(self, place: Place, value: Any, at: tuple[str, ...]) -> None:
        self._check(place.annotation, [value] if place.many else value, at)

    def _check(self, annotation: Any, value: Any, at: tuple[str, ...]) -> None:
        try:
            TypeAdapter(annotation).validate_python(_wire(value))
        except ValidationError as error:
            said = error.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
            self._add(at, f"The value does not fit: {said}", "See the event type's fields.")

    def _check_twice(self, sources: Iterable[Source], same: Mapping[str, Place]) -> None:
        seen = {place.steps for place in same.values()}
        for source in sources:
            if source.place.steps in seen:
                problem = YamlProblem(
                    self._marked.file, source.line, "The field is filled in twice", "Keep one of the two."
                )
                self._problems.append(problem)
            seen.add(source.place.steps)

    def _check_required(self, entry: EventType, given: Iterable[tuple[str | int, ...]]) -> None:
        """Every field that an event must have is given by something."""
        tops = {steps[:1] for steps in given} | {(name,) for name in ("purpose", "sensitivity", "provenance", *_OWN)}
        inner = {steps[:2] for steps in given}
        missing = [name for name in required(entry.model) if (name,) not in tops and name != "payload"]
        payload = model_at(entry.model, "payload")
        missing += [f"payload.{name}" for name in required(payload) if ("payload", name) not in inner]
        for name in missing:
            self._add(
                ("fields",), f"Nothing gives {name!r}, which the event must have", "Add it to `fields` or `same`."
            )

    def _add(self, at: tuple[str, ...], message: str, remedy: str) -> None:
        self._problems.append(self._marked.problem(at, message, remedy))


def _wire(value: Any) -> Any:
    """A value of YAML in the wire's JSON form: YAML makes times and days of what looks like one."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _is_time_form(form: str) -> bool:
    if "%" not in form:
        return False
    try:
        written = datetime(2026, 11, 23, 18, 46, tzinfo=UTC).strftime(form)
        datetime.strptime(written, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def _form_problems(error: ValidationError, marked: Marked) -> Iterator[YamlProblem]:
    for said in error.errors(include_url=False, include_input=False, include_context=False):
        where: tuple[str | int, ...] = ()
        for step in said["loc"]:
            if (*where, step) in marked.lines:  # steps that name a branch of a union stand in no file
                where = (*where, step)
        last = str(said["loc"][-1]) if said["loc"] else "the file"
        if said["type"] == "extra_forbidden":
            yield marked.problem(where, f"There is no key {last!r} here", suggest(last, _KEYS))
        elif said["type"] == "missing":
            yield marked.problem(where, f"The key {last!r} is missing", "Add it.")
        else:
            yield marked.problem(where, f"{last}: {said['msg']}", "Write the value in the form that is asked for.")
