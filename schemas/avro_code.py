"""Turns an Avro schema into one Python function that writes it and one that reads it, written out field by field.

Three to five times faster than a general Avro library on our events (most fields are optional and absent), and strict
where those are lenient: lengths, counts and union branches are checked before they are believed, a decimal is never
rounded and never larger than its precision. Only the forms that ``schemas.avro`` generates are known here; a test
holds every result against fastavro. Source: Avro 1.12 specification, "Binary encoding" and "Schema resolution".
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any, Final, cast

from schemas.avro import AvroType, Schema
from schemas.avro_values import NAMES_IN_CODE, decimal_limit

Encoder = Callable[[Mapping[str, Any], Callable[[bytes], None]], None]
Decoder = Callable[[bytes, int, int], tuple[dict[str, Any], int]]

#: The file name of generated code in tracebacks.
CODE_FILE: Final = "<sambus avro>"
_FIELDS: Final = "FIELD_AT_LINE"
#: Depth of an entry of a body that is no line: the name of the field whose lines begin.
FIELD_MARK: Final = -1

#: Lines of a function with their depths.
Body = list[tuple[int, str]]
#: Which fields are written, by name, with those inside them; empty means all that is inside.
Tree = dict[str, "Tree"]


class AvroCodeError(TypeError):
    """A schema has a form that is not generated from models, or two schemas do not resolve."""


class Lines:
    """Python source in the making, with a fresh name whenever one is needed."""

    def __init__(self, written: Schema, wanted: Schema, *, of_models: bool = False) -> None:
        self.of_models = of_models
        self.text: list[str] = []
        self.fields: dict[int, str] = {}
        self.functions: dict[str, str] = {}
        self.constants: dict[str, Any] = {}
        self.named = named_types(written)
        self.wanted = named_types(wanted)
        self._numbers = count()

    def fresh(self, stem: str) -> str:
        """A name that no other line uses."""
        return f"{stem}{next(self._numbers)}"

    def add(self, head: str, body: Body, tail: str = "") -> None:
        """Add a function; the line where a field's part begins is remembered under the field's name."""
        self.text.append(head)
        for depth, line in body:
            if depth == FIELD_MARK:
                self.fields[len(self.text) + 1] = line
            else:
                self.text.append("    " * depth + line)
        if tail:
            self.text.append(tail)

    def constant(self, value: Any) -> str:
        """A name for a value that has no literal."""
        name = self.fresh("C")
        self.constants[name] = value
        return name

    def function(self, name: str) -> Any:
        """Run the source and return the function of this name."""
        scope: dict[str, Any] = dict(NAMES_IN_CODE) | self.constants | {_FIELDS: sorted(self.fields.items())}
        code = compile("\n".join(self.text), CODE_FILE, "exec")
        exec(code, scope)  # noqa: S102 - our own text, names through repr  # nosec B102
        return scope[name]


def compile_encoder(schema: Schema, *, of_models: bool = False) -> Encoder:
    """A function ``encode(value, add)`` that hands the record's bytes to ``add`` piece by piece.

    Shape: ``value`` has mappings for the records in it, or models whose fields are those of the schema (``of_models``):
    then it is ``vars`` of such a model.
    Errors: of the function: ``KeyError`` for a missing field, ``TypeError``, ``ValueError``, ``AttributeError`` or
    ``ArithmeticError`` for a value that its field cannot hold. Their texts may hold content: never show them.
    """
    lines = Lines(schema, schema, of_models=of_models)
    return cast(Encoder, lines.function(write_record(lines, schema, None)))


def compile_decoder(writer: Schema, reader: Schema | None = None) -> Decoder:
    """A function ``decode(data, start, end)`` that returns the record and where it ended.

    Shape: bytes of the writer's schema in; fields of the reader's schema out, with its defaults for what is new.
    Errors: ``AvroCodeError`` here when the schemas do not resolve; of the function: ``ValueError``, ``IndexError`` or
    ``ArithmeticError`` for bytes that are no such record. It reads each byte once, whatever the bytes claim.
    """
    lines = Lines(writer, reader or writer)
    return cast(Decoder, lines.function(_read_record(lines, writer, reader)))


def field_of_error(error: BaseException) -> str:
    """The JSON pointer of the field that an encoder was writing when it failed; empty when it cannot be told."""
    path = []
    step = error.__traceback__
    while step is not None:
        begun = [name for line, name in step.tb_frame.f_globals.get(_FIELDS, ()) if line <= step.tb_lineno]
        if step.tb_frame.f_code.co_filename == CODE_FILE and begun:
            path.append(begun[-1])
        step = step.tb_next
    return "".join(f"/{name}" for name in path)


def named_types(form: AvroType) -> dict[str, Schema]:
    """Every record written out in a schema, by its full name."""
    if isinstance(form, list):
        return {name: record for branch in form for name, record in named_types(branch).items()}
    if not isinstance(form, dict):
        return {}
    if form["type"] == "array":
        return named_types(form["items"])
    if form["type"] != "record":
        return {}
    found = {full_name(form): form}
    for field in form["fields"]:
        found |= named_types(field["type"])
    return found


def full_name(record: Schema) -> str:
    """The name of a record with its namespace; generated schemas always state both."""
    return f"{record['namespace']}.{record['name']}"


def kind(form: AvroType, named: Mapping[str, Schema]) -> tuple[str, AvroType]:
    """What a form is (a primitive, a logical type, record, array or union), names followed."""
    if isinstance(form, list):
        return "union", form
    if isinstance(form, str):
        return ("record", named[form]) if form in named else (form, form)
    return str(form.get("logicalType", form["type"])), form


def branch(union: list[Any]) -> tuple[AvroType, int]:
    """The value branch of an optional field, and its index; the other branch is null."""
    if len(union) != 2 or union.count("null") != 1:  # noqa: PLR2004 - null and one other
        raise AvroCodeError("a union is null and one other branch")
    index = 1 - union.index("null")
    return union[index], index


# --- writing ---------------------------------------------------------------------------------------------------------

#: What makes the bytes of a value ``{x}`` in one line.
_WRITE: Final = {
    "boolean": "BOOLEAN[{x}]",
    "long": "(SHORT[{x}] if 0 <= {x} < 64 else write_long({x}))",
    "double": "write_double({x})",
    "bytes": "write_long(len({x})) + {x}",
    "date": "write_date({x})",
    "timestamp-millis": "write_millis({x})",
}


def written_in_line(x: str, what: str, form: AvroType) -> str | None:
    """What makes the bytes of a value, as source; None for one that has values inside, and for text."""
    if what == "decimal":
        digits = cast(Schema, form)
        return f"write_decimal({x}, {decimal_limit(digits['precision'])[0]}, {digits['scale']})"
    line = _WRITE.get(what)
    return None if line is None else line.format(x=x)


def write_record(lines: Lines, schema: Schema, only: Tree | None) -> str:
    """Write the function of a record, after those of the records in it.

    Shape: ``only`` are the fields that are written; whatever else is in a value is written as null, unread.
    Errors: ``AvroCodeError`` when what is left out, or what leads to it, is not nullable.
    """
    body: Body = [] if lines.of_models else [(1, "get = value.get")]
    hidden = b""
    for field in schema["fields"]:
        if only is not None and field["name"] not in only:
            hidden += _null(field["type"])
            continue
        if hidden:
            body.append((1, f"add({hidden!r})"))
            hidden = b""
        source = f"value[{field['name']!r}]"
        if "default" in field and not lines.of_models:
            source = f"get({field['name']!r}, {_constant(field['default'])})"
        body += [(FIELD_MARK, field["name"]), (1, f"x = {source}")]
        write_form(lines, body, 1, "x", field["type"], (only[field["name"]] or None) if only is not None else None)
    if hidden:
        body.append((1, f"add({hidden!r})"))
    name = lines.fresh("write")
    lines.add(f"def {name}(value, add):", body)
    return name


def _null(form: AvroType) -> bytes:
    if not isinstance(form, list):
        raise AvroCodeError("what is left out must be nullable")
    return bytes([2 - 2 * branch(form)[1]])


def tree_of(paths: Iterable[str]) -> Tree:
    """Dotted paths as nested names; an empty inner tree stands for everything below."""
    tree: Tree = {}
    for path in paths:
        inner = tree
        for step in path.split("."):
            inner = inner.setdefault(step, {})
    return tree


def write_form(lines: Lines, body: Body, depth: int, x: str, form: AvroType, only: Tree | None) -> None:
    """Add the lines that write a value ``x``; of the records in it those fields that ``write_record`` is told."""
    what, form = kind(form, lines.named)
    if what == "union":
        inner, index = branch(cast(list[Any], form))
        body += [(depth, f"if {x} is None: add({bytes([2 - 2 * index])!r})"), (depth, "else:")]
        body.append((depth + 1, f"add({bytes([2 * index])!r})"))
        write_form(lines, body, depth + 1, x, inner, only)
    elif what == "string":
        body.append((depth, f"t = {x}.encode(); n = len(t)"))
        body.append((depth, "add(SHORT[n] if n < 64 else write_long(n)); add(t)"))
    elif what == "array":
        item = lines.fresh("x")
        body += [(depth, f"if {x}:"), (depth + 1, f"add(write_long(len({x})))"), (depth + 1, f"for {item} in {x}:")]
        write_form(lines, body, depth + 2, item, cast(Schema, form)["items"], only)
        body.append((depth, "add(ZERO)"))
    elif what == "record":
        function = write_record(lines, cast(Schema, form), only) if only else _written(lines, cast(Schema, form))
        body.append((depth, f"{function}({x}.__dict__, add)" if lines.of_models else f"{function}({x}, add)"))
    elif (line := written_in_line(x, what, form)) is not None:
        body.append((depth, f"add({line})"))
    else:
        raise AvroCodeError(f"no code for {what}")


def _written(lines: Lines, record: Schema) -> str:
    """The function that writes a nested record whole, made at its first use."""
    key = f"write {full_name(record)}"
    if key not in lines.functions:
        lines.functions[key] = write_record(lines, record, None)
    return lines.functions[key]


def _constant(value: Any) -> str:
    """A default as source; an empty list is one shared empty tuple, because it is only read."""
    return "EMPTY" if value == [] else repr(value)


# --- reading ---------------------------------------------------------------------------------------------------------

_LENGTH: Final = (
    "n = b[p]; p += 1",
    "if n > 127: n, p = read_varint(b, p, n)",
    "if n & 1: raise MalformedError",
    "q = p + (n >> 1)",
    "if q > end: raise MalformedError",
)
_READ: Final[dict[str, tuple[str, ...]]] = {
    "boolean": ("{x} = BOOLEANS[b[p]]; p += 1",),
    "long": ("n = b[p]; p += 1", "if n > 127: n, p = read_varint(b, p, n)", "{x} = (n >> 1) ^ -(n & 1)"),
    "double": ("{x} = read_double(b, p, end); p += 8",),
    "string": (*_LENGTH, "{x} = b[p:q].decode(); p = q"),
    "bytes": (*_LENGTH, "{x} = b[p:q]; p = q"),
    "date": ("n = b[p]; p += 1", "if n > 127: n, p = read_varint(b, p, n)", "{x} = read_date((n >> 1) ^ -(n & 1))"),
    "timestamp-millis": (
        "n = b[p]; p += 1",
        "if n > 127: n, p = read_varint(b, p, n)",
        "{x} = EPOCH + timedelta(0, 0, 0, (n >> 1) ^ -(n & 1))",
    ),
}


def _read_record(lines: Lines, writer: Schema, reader: Schema | None) -> str:
    """Write the function that reads a record, after those of the records in it. No reader: as it was written."""
    wanted = {field["name"]: field for field in (reader or writer)["fields"]}
    body: Body = []
    names: dict[str, str] = {}
    for field in writer["fields"]:
        x = names[field["name"]] = lines.fresh("v")
        target = wanted.get(field["name"]) if reader else None
        _read(lines, body, 1, x, field["type"], target["type"] if target else None)
    entries = [f"{field!r}: {names.get(field) or _fresh_default(entry)}" for field, entry in wanted.items()]
    name = lines.fresh("read")
    lines.add(f"def {name}(b, p, end):", body, "    return {" + ", ".join(entries) + "}, p")
    return name


def _read_once(lines: Lines, record: Schema, reader: Schema | None) -> str:
    """The function that reads a nested record, made at its first use."""
    key = f"read {full_name(record)} {full_name(reader) if reader else ''}"
    if key not in lines.functions:
        lines.functions[key] = _read_record(lines, record, reader)
    return lines.functions[key]


def _fresh_default(field: Schema) -> str:
    """The default of a field that the writer did not have, new for every record."""
    if "default" not in field:
        raise AvroCodeError(f"field {field['name']} is not in the writer's schema and has no default")
    return repr(field["default"])


def _read(lines: Lines, body: Body, depth: int, x: str, form: AvroType, target: AvroType | None) -> None:
    """Lines that read a form into ``x``; with a target, only if the target can take what is read."""
    what, form = kind(form, lines.named)
    if what == "union":
        inner, index = branch(cast(list[Any], form))
        if target is not None:
            if not isinstance(target, list):
                raise AvroCodeError("an optional field has become required")
            target = branch(target)[0]
        body += [(depth, "n = b[p]; p += 1"), (depth, f"if n == {2 - 2 * index}: {x} = None")]
        body.append((depth, f"elif n == {2 * index}:"))
        _read(lines, body, depth + 1, x, inner, target)
        body.append((depth, "else: raise MalformedError"))
        return
    _read_value(lines, body, depth, x, what, cast(Schema, form), _matching(lines, what, target))


def _matching(lines: Lines, what: str, target: AvroType | None) -> Schema | None:
    """The reader's form of a value that is not null, when it is of the same kind."""
    if target is None:
        return None
    aim, form = kind(target, lines.wanted)
    if aim == "union":
        aim, form = kind(branch(cast(list[Any], form))[0], lines.wanted)
    if what != aim:
        raise AvroCodeError(f"{what} does not resolve to {aim}")
    return cast(Schema, form)


def _read_value(lines: Lines, body: Body, depth: int, x: str, what: str, form: Schema, target: Schema | None) -> None:
    if what == "decimal":
        _read_decimal(lines, body, depth, x, form, target or form)
    elif what == "array":
        _read_array(lines, body, depth, x, form["items"], target["items"] if target else None)
    elif what == "record":
        body.append((depth, f"{x}, p = {_read_once(lines, form, target)}(b, p, end)"))
    elif what in _READ:
        body += [(depth, line.format(x=x)) for line in _READ[what]]
    else:
        raise AvroCodeError(f"no code for {what}")


def _read_decimal(lines: Lines, body: Body, depth: int, x: str, form: Schema, target: Schema) -> None:
    if form["scale"] != target["scale"] or form["precision"] > target["precision"]:
        raise AvroCodeError("a decimal has another scale or less precision")
    limit, size = decimal_limit(form["precision"])
    unit = lines.constant(Decimal((0, (1,), -form["scale"])))
    body += [(depth, line) for line in _LENGTH]
    body += [
        (depth, f"if q - p > {size}: raise MalformedError"),  # before it is converted: that takes quadratic time
        (depth, "n = from_bytes(b[p:q], 'big', signed=True); p = q"),
        (depth, f"if not {-limit} < n < {limit}: raise MalformedError"),
        (depth, f"{x} = shift(n, {unit})"),
    ]


def _read_array(lines: Lines, body: Body, depth: int, x: str, items: AvroType, target: AvroType | None) -> None:
    """An array's blocks. Every item takes a byte at least, so a count beyond the bytes left is a lie."""
    item = lines.fresh("i")
    body += [
        (depth, f"{x} = []"),
        (depth, "while True:"),
        (depth + 1, "n = b[p]; p += 1"),
        (depth + 1, "if n == 0: break"),
        (depth + 1, "n, p = read_count(b, p, n, end)"),
        (depth + 1, "for _ in range(n):"),
    ]
    _read(lines, body, depth + 2, item, items, target)
    body.append((depth + 2, f"{x}.append({item})"))
