"""Hypothesis strategies that make event bodies from the models' own JSON schemas."""

from datetime import UTC
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from schemas.catalogue import EVENT_TYPES
from schemas.example_data import good_examples

Schema = dict[str, Any]
#: What a body may not set, and what says which type it is.
FIXED = {"event_type", "payload", "enrichment", "published_at"}


@lru_cache(maxsize=len(EVENT_TYPES))
def json_schema(event_type: str) -> Schema:
    """The JSON schema of a type."""
    return EVENT_TYPES[event_type].model.model_json_schema()


@st.composite
def bodies(draw: st.DrawFn, event_type: str) -> dict[str, Any]:
    """A good example with some fields replaced by values that are good by themselves, if not together."""
    body = draw(st.sampled_from(good_examples(event_type))).body
    schema = json_schema(event_type)
    defs: Schema = schema["$defs"]
    payload_schema: Schema = defs[schema["properties"]["payload"]["$ref"].rpartition("/")[2]]
    for target, fields in ((body, schema["properties"]), (body["payload"], payload_schema["properties"])):
        names = sorted(set(fields) - FIXED)
        for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
            target[name] = draw(values(fields[name], defs))
    return dict(body)


def values(schema: Schema, defs: Schema) -> SearchStrategy[Any]:
    """Values that a JSON schema allows."""
    if "$ref" in schema:
        return values(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return _any_of(schema["anyOf"], defs)
    return _BY_TYPE[schema["type"]](schema, defs)


def _any_of(options: list[Schema], defs: Schema) -> SearchStrategy[Any]:
    number = next((option for option in options if option.get("type") == "number"), None)
    if number is not None and any(option.get("type") == "string" for option in options):
        low, high = number.get("minimum", number.get("exclusiveMinimum", -999)), number.get("maximum", 999)
        decimals = st.decimals(min_value=low, max_value=high, places=2, allow_nan=False).map(str)
        others = [values(option, defs) for option in options if option.get("type") == "null"]
        return st.one_of(decimals, *others)
    return st.one_of([values(option, defs) for option in options])


def _string(schema: Schema, _defs: Schema) -> SearchStrategy[str]:
    form = schema.get("format")
    if form == "date-time":
        return st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat())
    if form == "date":
        return st.dates().map(lambda day: day.isoformat())
    longest = schema.get("maxLength", 200)
    if "pattern" in schema:
        matching: SearchStrategy[str] = st.from_regex(str(schema["pattern"]), fullmatch=True)
        return matching.filter(lambda text: len(text) <= longest and text == text.strip())
    return st.text(min_size=schema.get("minLength", 0), max_size=min(longest, 30))


def _object(schema: Schema, defs: Schema) -> SearchStrategy[dict[str, Any]]:
    fields = {name: values(inner, defs) for name, inner in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


def _array(schema: Schema, defs: Schema) -> SearchStrategy[list[Any]]:
    least = schema.get("minItems", 0)
    return st.lists(values(schema["items"], defs), min_size=least, max_size=min(schema.get("maxItems", 3), least + 2))


_BY_TYPE = {
    "null": lambda _schema, _defs: st.none(),
    "boolean": lambda _schema, _defs: st.booleans(),
    "integer": lambda schema, _defs: st.integers(schema.get("minimum", 0), schema.get("maximum", 10**6)),
    "number": lambda schema, _defs: st.floats(schema.get("minimum", 0), schema.get("maximum", 1000)),
    "string": _string,
    "array": _array,
    "object": _object,
}

#: Anything that JSON can say.
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
