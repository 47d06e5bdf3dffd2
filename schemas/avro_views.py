"""Views of an event on the wire: each field is encoded once, and every view picks its bytes from the same pieces.

An event goes out in several views, which show mostly the same values. Avro writes a record as its fields one after the
other, so a view's bytes are those of the fields that it shows, with the byte of null for every other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple, cast

from schemas.avro import AvroType, Schema
from schemas.avro_code import (
    FIELD_MARK,
    AvroCodeError,
    Body,
    Encoder,
    Lines,
    Tree,
    branch,
    kind,
    tree_of,
    write_form,
    write_record,
    written_in_line,
)

#: Behind a record's path: the null of its hidden fields. Where there is no such record, it is nothing at all.
_HIDDEN: Final = "."


class _Part(NamedTuple):
    """A list of records of which a view shows some fields: how it is written, and the records that lead to it."""

    number: int
    above: tuple[str, ...]
    encode: Encoder

    def of(self, event: Mapping[str, Any]) -> bytes:
        """Its bytes; nothing where a record that leads to it is not there."""
        holder: Any = event
        for step in self.above:
            holder = holder.get(step)
            if holder is None:
                return b""
        found: list[bytes] = []
        self.encode(holder, found.append)
        return b"".join(found)


class WireView(NamedTuple):
    """Which pieces of an event a view is made of; those of ``parts`` come behind the event's own."""

    pick: Callable[[list[bytes]], Iterable[bytes]]
    parts: tuple[_Part, ...]


class Cut:
    """An event in pieces. Shape: the event must not change while views are made of it."""

    __slots__ = ("_event", "_parts", "_pieces")

    def __init__(self, event: Mapping[str, Any], pieces: list[bytes]) -> None:
        self._event = event
        self._pieces = pieces
        self._parts: dict[int, bytes] = {}

    def through(self, view: WireView) -> bytes:
        """What a view shows of it."""
        pieces = self._pieces
        if view.parts:
            pieces = [*pieces, *(self._parts.get(part.number) or self._made(part) for part in view.parts)]
        return b"".join(view.pick(pieces))

    def _made(self, part: _Part) -> bytes:
        found = self._parts[part.number] = part.of(self._event)
        return found


class Cutter:
    """Cuts the events of one type, and knows which pieces a view shows.

    Shape: ``encode(event, add)`` hands the pieces to ``add``, as ``compile_encoder`` says.
    """

    def __init__(self, schema: Schema) -> None:
        """Take the schema of a view. Errors: ``AvroCodeError`` where something in it is not nullable."""
        self._schema = schema
        self._lines = Lines(schema, schema)
        self._places: dict[str, int] = {}
        self._views: dict[frozenset[str], WireView] = {}
        self._parts: dict[str, _Part] = {}
        body: Body = [(1, r"add(b'\0')")]
        self._place(_HIDDEN)
        self._cut(body, 1, "value", schema, "")
        self._lines.add("def cut(value, add):", body)
        self.encode: Encoder = self._lines.function("cut")

    def view(self, fields: frozenset[str]) -> WireView:
        """The view that shows these leaves, by their dotted paths; worked out once."""
        found = self._views.get(fields)
        if found is None:
            parts: list[_Part] = []
            places = self._shown(self._schema, tree_of(sorted(fields)), (), parts)
            pick = cast("Callable[[list[bytes]], Iterable[bytes]]", itemgetter(*places))
            found = self._views[fields] = WireView(pick, tuple(parts))
        return found

    def _place(self, path: str) -> None:
        self._places[path] = len(self._places)

    def _cut(self, body: Body, depth: int, holder: str, record: Schema, prefix: str) -> None:
        """Add the lines that make the pieces of a record, one for each field and those of the records in it."""
        get = self._lines.fresh("get")
        body.append((depth, f"{get} = {holder}.get"))
        for field in record["fields"]:
            path, x = prefix + field["name"], self._lines.fresh("x")
            self._place(path)
            body += [(FIELD_MARK, field["name"]), (depth, f"{x} = {get}({field['name']!r})")]
            what, form, index = self._form_of(field)
            if what == "record":
                self._cut_record(body, depth, x, form, path)
                continue
            body += [(depth, rf"if {x} is None: add(b'\0')"), (depth, "else:")]
            self._cut_value(body, depth + 1, x, what, form, repr(bytes([2 * index])))

    def _cut_record(self, body: Body, depth: int, x: str, form: Schema, path: str) -> None:
        """The piece that tells whether there is a record, the null of its hidden fields, and its own pieces."""
        self._place(path + _HIDDEN)
        before = len(self._places)
        inside: Body = []
        self._cut(inside, depth + 1, x, form, f"{path}.")
        absent = (
            rf"for piece in (b'\0', {', '.join(repr(b'') for _ in range(len(self._places) - before + 1))}): add(piece)"
        )
        body += [(depth, f"if {x} is None:"), (depth + 1, absent), (depth, "else:")]
        body += [(depth + 1, r"add(b'\2'); add(b'\0')"), *inside]

    def _cut_value(self, body: Body, depth: int, x: str, what: str, form: AvroType, present: str) -> None:
        line = written_in_line(x, what, form)
        if line is not None:
            body.append((depth, f"add({present} + {line})"))
        elif what == "string":
            body.append((depth, f"t = {x}.encode(); n = len(t)"))
            body.append((depth, f"add({present} + (SHORT[n] if n < 64 else write_long(n)) + t)"))
        else:
            name = self._lines.fresh("write")
            inside: Body = []
            write_form(self._lines, inside, 1, "x", form, None)
            self._lines.add(f"def {name}(x, add):", inside)
            body.append((depth, f"some = [{present}]; {name}({x}, some.append); add(b''.join(some))"))

    def _shown(self, record: Schema, tree: Tree | None, above: tuple[str, ...], parts: list[_Part]) -> Iterator[int]:
        """The places of the pieces that make a record, in the order of its fields."""
        prefix = "".join(f"{step}." for step in above)
        hidden = self._places[prefix or _HIDDEN]
        for field in record["fields"]:
            name = field["name"]
            if tree is not None and name not in tree:
                yield hidden
                continue
            inner = (tree[name] or None) if tree is not None else None
            what, form, _ = self._form_of(field)
            if what == "array" and inner is not None and not self._whole(form["items"], inner):
                yield len(self._places) + len(parts)
                parts.append(self._part(record, field, inner, above))
                continue
            yield self._places[prefix + name]
            if what == "record":
                yield from self._shown(form, inner, (*above, name), parts)

    def _whole(self, form: AvroType, tree: Tree | None) -> bool:
        """Whether these are all fields of what a form holds."""
        what, found = kind(form, self._lines.named)
        if what == "union":
            return self._whole(branch(cast("list[Any]", found))[0], tree)
        if what == "array":
            return self._whole(cast(Schema, found)["items"], tree)
        if what != "record" or not tree:
            return True
        fields = cast(Schema, found)["fields"]
        return all(field["name"] in tree and self._whole(field["type"], tree[field["name"]]) for field in fields)

    def _part(self, record: Schema, field: Schema, inner: Tree, above: tuple[str, ...]) -> _Part:
        """The list with these fields of its records, one for all views that show it so."""
        key = repr((above, field["name"], inner))
        found = self._parts.get(key)
        if found is None:
            lines = Lines(self._schema, self._schema)
            write = write_record(lines, record | {"fields": [field]}, {field["name"]: inner})
            found = self._parts[key] = _Part(len(self._parts), above, cast(Encoder, lines.function(write)))
        return found

    def _form_of(self, field: Schema) -> tuple[str, Any, int]:
        """What a field holds when it is not null, and the branch of its union that says so."""
        form: AvroType = field["type"]
        if not isinstance(form, list) or field.get("default") is not None:
            raise AvroCodeError("a view's fields must be nullable")
        inner, index = branch(form)
        what, found = kind(inner, self._lines.named)
        return what, found, index
