"""No schema change goes out that old readers or old writers could not live with; what is released is what is built."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

from deploy.cli.schemas import schemas as command
from schemas.avro import Schema, current_schemas
from schemas.avro_code import AvroCodeError, compile_decoder
from schemas.codec import Codec
from schemas.compatibility import OLD_READERS, OLD_WRITERS, avsc, compare, compare_all
from schemas.registry import RELEASED, load_released
from tests.schemas.wire_values import example, fastavro_bytes, fastavro_value, values

BOTH = (OLD_READERS, OLD_WRITERS)
BASE: Schema = {
    "type": "record",
    "name": "note",
    "namespace": "se.sambus.event",
    "doc": "A note.",
    "fields": [
        {"name": "text", "type": "string"},
        {"name": "kind", "type": {"type": "string", "sambus.enum": ["a", "b"]}},
        {"name": "sum", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "number", "type": "long"},
        {"name": "maybe", "type": ["null", "string"], "default": None},
        {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "part", "type": {"type": "record", "name": "Part", "namespace": "se.sambus.payload", "fields": [
            {"name": "kept", "type": "long"}]}},
        {"name": "parts", "type": {"type": "array", "items": "se.sambus.payload.Part"}, "default": []},
    ],
}  # fmt: skip

Edit = Callable[[dict[str, Any]], Any]


def edited(edit: Edit) -> Schema:
    """The base schema after a change to its fields, given by name."""
    schema = copy.deepcopy(BASE)
    fields = {field["name"]: field for field in schema["fields"]}
    edit(fields)
    schema["fields"] = list(fields.values())
    return schema


def added(**field: Any) -> Edit:
    """Add a field."""
    return lambda fields: fields.update({field["name"]: field})


def typed(name: str, form: Any) -> Edit:
    """Give a field another type."""
    return lambda fields: fields[name].update(type=form)


def part(edit: Callable[[list[Any]], Any]) -> Edit:
    """Change the fields of the nested record."""
    return lambda fields: edit(fields["part"]["type"]["fields"])


BREAKING: list[tuple[Edit, str, str, tuple[str, ...]]] = [
    (added(name="new", type="string"), "new", "added without a default", (OLD_WRITERS,)),
    (lambda f: f.pop("text"), "text", "removed, and it had no default", (OLD_READERS,)),
    (typed("text", ["null", "string"]), "text", "may now be null", (OLD_READERS,)),
    (typed("maybe", "string"), "maybe", "now required", (OLD_WRITERS,)),
    (typed("number", "int"), "number", "long is now int", (OLD_WRITERS,)),
    (typed("number", "double"), "number", "long is now double", (OLD_READERS,)),
    (typed("number", "string"), "number", "long is now string", BOTH),
    (typed("day", "int"), "day", "date is now int", BOTH),
    (typed("tags", {"type": "array", "items": "long"}), "tags[]", "string is now long", BOTH),
    (
        typed("sum", {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}),
        "sum",
        "scale 3 is now 2",
        BOTH,
    ),
    (
        typed("sum", {"type": "bytes", "logicalType": "decimal", "precision": 14, "scale": 3}),
        "sum",
        "precision 12 is now 14",
        (OLD_READERS,),
    ),
    (
        typed("sum", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}),
        "sum",
        "precision 12 is now 9",
        (OLD_WRITERS,),
    ),
    (part(lambda f: f.append({"name": "deep", "type": "long"})), "part.deep", "added without", (OLD_WRITERS,)),
    (lambda f: f["part"]["type"].update(name="Piece"), "part", "is now called", BOTH),
]


@pytest.mark.parametrize(("edit", "field", "what", "breaks"), BREAKING)
def test_a_change_that_somebody_cannot_live_with_is_found(
    edit: Edit, field: str, what: str, breaks: tuple[str, ...]
) -> None:
    """It says which type and field, what is wrong, and who breaks."""
    new = edited(edit)
    if field == "part" and "called" in what:
        new["fields"][-1]["type"] = {"type": "array", "items": "se.sambus.payload.Piece"}
    findings = [finding for finding in compare("note", 3, BASE, new) if finding.breaks]
    found = next(finding for finding in findings if finding.field == field)
    assert what in found.what
    assert found.breaks == breaks
    assert str(found).startswith(f"note (released v3) field {field}: ")
    assert str(found).endswith(f"breaks {' and '.join(breaks)}")


@pytest.mark.parametrize(("edit", "field", "what", "breaks"), BREAKING)
def test_what_is_found_to_break_old_writers_really_does_not_decode(
    edit: Edit, field: str, what: str, breaks: tuple[str, ...]
) -> None:
    """The check and the codec agree, in both directions; a rename only matters to other Avro libraries."""
    if "called" in what:
        return
    new = edited(edit)
    for writer, reader, who in ((BASE, new, OLD_WRITERS), (new, BASE, OLD_READERS)):
        if who in breaks:
            with pytest.raises(AvroCodeError):
                compile_decoder(writer, reader)
    assert field


COMPATIBLE: list[Edit] = [
    added(name="new", type=["null", "string"], default=None),
    added(name="new", type="string", default="none"),
    added(name="new", type={"type": "array", "items": "se.sambus.payload.Part"}, default=[]),
    lambda f: f.pop("maybe"),
    lambda f: f.pop("tags"),
    typed("kind", {"type": "string", "sambus.enum": ["a", "b", "c"]}),
    typed("kind", {"type": "string", "sambus.enum": ["a"]}),
    part(lambda f: f.append({"name": "deep", "type": ["null", "long"], "default": None})),
    lambda f: f["text"].update(doc="What it says."),
    lambda f: f.update(text=f.pop("text")),
    lambda f: f["tags"].pop("default"),
]


@pytest.mark.parametrize("edit", COMPATIBLE)
def test_a_change_that_all_can_live_with_passes_and_really_resolves(edit: Edit) -> None:
    """Old bytes are read in the new form and new bytes in the old, by our code and by fastavro alike."""
    new = edited(edit)
    assert not [finding for finding in compare("note", 1, BASE, new) if finding.breaks]
    for writer, reader in ((BASE, new), (new, BASE)):
        _resolves(writer, reader)


def _resolves(writer: Schema, reader: Schema) -> None:
    decode = compile_decoder(writer, reader)

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values(writer))
    def check(value: dict[str, Any]) -> None:
        body = fastavro_bytes(writer, value)
        assert decode(body, 0, len(body)) == (fastavro_value(body, writer, reader), len(body))

    check()


def test_a_symbol_that_is_gone_is_told_though_it_breaks_nobody() -> None:
    """Avro sees a string; people should see what old writers may still send."""
    (finding,) = compare("note", 1, BASE, edited(typed("kind", {"type": "string", "sambus.enum": ["a"]})))
    assert (finding.field, finding.breaks) == ("kind", ())
    assert "b" in finding.what


def test_every_released_version_counts_not_only_the_last() -> None:
    """Old bytes of v1 lie in the log for years: a field that came back with another type breaks them."""
    second = edited(lambda f: f.pop("maybe"))
    third = edited(typed("maybe", ["null", "long"]))
    assert not compare_all({"note": third}, {"note": {2: second}}).breaking
    broken = compare_all({"note": third}, {"note": {1: BASE, 2: second}}).breaking
    assert [(finding.version, finding.field) for finding in broken] == [(1, "maybe")]


def test_a_type_that_is_gone_breaks_everybody() -> None:
    """What was released is never taken back in silence."""
    (finding,) = compare_all({}, {"note": {1: BASE, 2: BASE}}).breaking
    assert (finding.name, finding.version, finding.breaks) == ("note", 2, BOTH)


def test_the_released_schemas_are_those_of_the_models() -> None:
    """Whoever changes a model runs ``sambus schemas release``; this says when it was forgotten or cannot be."""
    comparison = compare_all(current_schemas(), load_released())
    assert [str(finding) for finding in comparison.breaking] == []
    assert dict(comparison.unreleased) == {}
    assert comparison.retold == ()


def test_released_files_are_as_they_were_generated() -> None:
    """No file was changed by hand."""
    for name, versions in load_released().items():
        for number, schema in versions.items():
            assert (RELEASED / f"{name}.v{number}.avsc").read_text("utf-8") == avsc(schema)


# --- the commands ----------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of ``sambus schemas``."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_export_writes_every_schema(tmp_path: Path) -> None:
    """One file for each name, readable by any Avro library, and what stands before each record."""
    code, _ = run("export", "--out", tmp_path / "out")
    assert code == 0
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {f"{name}.avsc" for name in current_schemas()} | {"heads.json"}
    heads = json.loads((tmp_path / "out" / "heads.json").read_text("utf-8"))
    event = example("drug_seizure")
    assert bytes.fromhex(heads["drug_seizure"]) == Codec().encode("drug_seizure", event)[:10]
    assert set(heads) == set(current_schemas())


def test_check_is_well_after_a_release_and_a_second_release_changes_nothing(tmp_path: Path) -> None:
    """Release, check, release: the files of the first stay as they are."""
    assert run("check", "--released", tmp_path)[0] == 1
    assert run("release", "--released", tmp_path)[0] == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert run("check", "--released", tmp_path)[0] == 0
    assert run("release", "--released", tmp_path)[0] == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def released_with(folder: Path, edit: Callable[[Schema], Any]) -> None:
    """A folder where the released decision schema differs from the current one."""
    run("release", "--released", folder)
    schema = copy.deepcopy(current_schemas()["decision"])
    edit(schema)
    (folder / "decision.v1.avsc").write_text(avsc(schema), "utf-8")


def test_a_compatible_change_is_released_as_the_next_version(tmp_path: Path) -> None:
    """The old file stays, for bytes written with it."""
    released_with(tmp_path, lambda schema: schema["fields"].pop())
    code, output = run("check", "--released", tmp_path)
    assert code == 1
    assert "not released: decision would be v2" in output
    assert run("release", "--released", tmp_path)[0] == 0
    assert load_released(tmp_path)["decision"].keys() == {1, 2}
    assert run("check", "--released", tmp_path)[0] == 0


def test_a_breaking_change_is_listed_and_not_released(tmp_path: Path) -> None:
    """Check and release both say what breaks whom, with exit code 1."""
    released_with(tmp_path, lambda schema: schema["fields"].append({"name": "old", "type": "string"}))
    for verb in ("check", "release"):
        code, output = run(verb, "--released", tmp_path)
        assert code == 1
        assert "BREAKS  decision (released v1) field old: removed, and it had no default; breaks old readers" in output
    assert load_released(tmp_path)["decision"].keys() == {1}


def test_new_words_rewrite_the_latest_file_and_make_no_version(tmp_path: Path) -> None:
    """Documentation is not a change of the wire."""
    released_with(tmp_path, lambda schema: schema.update(doc="Other words."))
    assert "described otherwise: decision" in run("check", "--released", tmp_path)[1]
    assert run("release", "--released", tmp_path)[0] == 0
    assert load_released(tmp_path)["decision"] == {1: current_schemas()["decision"]}


@pytest.mark.parametrize(("name", "text"), [("decision.avsc", "{}"), ("decision.v0.avsc", "{}"), ("d.v1.avsc", "{")])
def test_a_file_that_is_no_released_schema_is_named(tmp_path: Path, name: str, text: str) -> None:
    """A wrong name or wrong JSON stops the command, with the file's name."""
    (tmp_path / name).write_text(text, "utf-8")
    code, output = run("check", "--released", tmp_path)
    assert code == 1
    assert name in output
