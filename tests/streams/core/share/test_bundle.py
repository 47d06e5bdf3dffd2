"""A bundle is its pack, whole and bounded; whatever else bytes are, they are refused and nothing is built of them."""

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.share import Pack, PackError
from streams.core.share.bundle import MAX_BUNDLE, MAX_OPEN, bundle_files, bundle_texts, digest, open_bundle, pack_bundle
from streams.core.share.loading import RULES
from tests.streams.core.share.packs import PACK, changed

BUNDLE = pack_bundle(RULES)


def zipped(value: object) -> bytes:
    """Bytes as a bundle has them, of any content."""
    return zlib.compress(json.dumps(value).encode())


def refused(bundle: bytes) -> str:
    """What is said of bytes that are no bundle of a pack."""
    with pytest.raises(PackError) as problem:
        open_bundle(bundle)
    return str(problem.value)


def test_a_bundle_is_its_pack() -> None:
    """The same version, rules and views as from the folder; the cases stay at home."""
    pack = open_bundle(BUNDLE)
    assert pack.version == PACK.version
    assert set(pack.rules) == set(PACK.rules)
    assert pack.views == PACK.views
    assert not [name for name in bundle_files(BUNDLE) if name.endswith("_test.yaml")]


def test_the_same_pack_is_the_same_bytes_and_another_is_not(tmp_path: Path) -> None:
    """So that a signature for one never fits another: even a comment counts."""
    same = changed(tmp_path / "a", "own.yaml", "OWN", "OWN")
    assert pack_bundle(same) == BUNDLE
    other = pack_bundle(changed(tmp_path / "b", "own.yaml", "- id: OWN", "# words\n- id: OWN"))
    assert digest(other) != digest(BUNDLE)
    assert open_bundle(other).version == PACK.version


def test_the_digest_is_that_of_the_content() -> None:
    """A zlib that packs less tightly makes no other pack."""
    loose = zlib.compress(zlib.decompress(BUNDLE), 1)
    assert loose != BUNDLE
    assert digest(loose) == digest(BUNDLE)


def test_a_bundle_unpacks_no_further_than_it_may() -> None:
    """A thousand times its size, and more: refused before it is built."""
    bomb = zlib.compress(b" " * (MAX_OPEN + 1))
    assert len(bomb) < MAX_BUNDLE
    assert "too large" in refused(bomb)
    assert "larger than" in refused(b"x" * (MAX_BUNDLE + 1))


@pytest.mark.parametrize(
    ("bundle", "says"),
    [
        (b"", "cut off"),
        (b"no zlib", "no bundle"),
        (BUNDLE[:-4], "cut off"),
        (BUNDLE + b"more", "cut off"),
        (zlib.compress(b"\xff\xfe"), "no bundle"),
        (zlib.compress(b"[" * 100_000), "no bundle"),
        (zipped([]), "no bundle"),
        (zipped({"files": {}, "form": 1}), "no bundle"),
        (zipped({"files": {"pack.yaml": "a: 1"}, "form": 2}), "no bundle"),
        (zipped({"files": {"../pack.yaml": "a: 1"}, "form": 1}), "no proper name"),
        (zipped({"files": {"/etc/x.yaml": "a: 1"}, "form": 1}), "no proper name"),
        (zipped({"files": {"pack.yaml": 1}, "form": 1}), "no proper name"),
        (zipped({"files": {f"r{n}.yaml": "[]" for n in range(300)}, "form": 1}), "More than"),
        (zipped({"files": {"pack.yaml": "#" * 600_000}, "form": 1}), "larger than"),
        (zipped({"files": {"rules.yaml": "[]"}, "form": 1}), "no pack.yaml"),
        (zipped({"files": {"pack.yaml": "\ud800"}, "form": 1}), "pack.yaml"),
    ],
)
def test_what_is_no_bundle(bundle: bytes, says: str) -> None:
    """Each is one readable problem."""
    assert says in refused(bundle)


def test_a_yaml_bomb_in_a_bundle() -> None:
    """Refused with its file and line, like one in a folder."""
    files = bundle_files(BUNDLE) | {"more.yaml": "- &a [x, x]\n- [*a, *a, *a]\n"}
    assert "more.yaml:1: Anchors and aliases are not allowed" in refused(bundle_texts(files))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=200).map(zlib.compress))
def test_any_bytes_are_a_pack_or_a_problem(bundle: bytes) -> None:
    """Nothing else is ever raised."""
    with pytest.raises(PackError):
        open_bundle(bundle)


def test_a_file_name_that_cannot_travel(tmp_path: Path) -> None:
    """It is told with its remedy, before anything is signed."""
    folder = changed(tmp_path, "own.yaml", "OWN", "OWN")
    (folder / "Mina regler.yaml").write_text("[]\n", "utf-8")
    with pytest.raises(PackError, match=r"Mina regler\.yaml:0: The file's name cannot travel"):
        pack_bundle(folder)


def test_a_released_pack_leaves_much_room() -> None:
    """One record holds it several times over."""
    assert len(BUNDLE) < MAX_BUNDLE // 4
    assert Pack.load().version == open_bundle(BUNDLE).version
