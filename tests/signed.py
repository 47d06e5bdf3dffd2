"""Rule packs with two signers, and the signed records by which they take effect, for tests."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from producers.client import RawRecord
from schemas.codec import Codec
from schemas.records import PackAction, PackRecord
from streams.core.share.bundle import bundle_files, bundle_texts, digest, open_bundle, pack_bundle
from streams.core.share.loading import RULES
from streams.core.share.pack import Pack
from streams.core.share.signing import Step, make_key, public_key, sign

KEYS = {"anna.ek": make_key(), "bo.alm": make_key()}
_CODEC = Codec()


def bundle(version: str, more: str = "") -> bytes:
    """The released pack under another version, signed for by Anna and Bo; ``more`` is a further rule file."""
    files = bundle_files(pack_bundle(RULES))
    lines = files["pack.yaml"].splitlines()
    kept = [f'version: "{version}"' if line.startswith("version:") else line for line in lines]
    signers = [f"  {name}: {public_key(key)}" for name, key in KEYS.items()]
    files["pack.yaml"] = "\n".join([*kept, "signers:", *signers, ""])
    return bundle_texts(files | ({"more.yaml": more} if more else {}))


def unpacked(packed: bytes, folder: Path) -> Path:
    """A bundle as a pack's folder."""
    for name, text in bundle_files(packed).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def activation(packed: bytes, running: Pack, **other: Any) -> RawRecord:
    """Anna proposed it, Bo activates it. ``second`` is another name than Bo's, ``packed_as`` other bytes."""
    new = other.get("version") or open_bundle(packed).version
    by = ("anna.ek", other.get("second", "bo.alm"))
    at = datetime.now(UTC)
    steps = (
        Step("proposed", new, digest(packed), by[0], at, "for a test"),
        Step("activated", new, digest(packed), by[1], at, "for a test", running.version),
    )
    return _record("activated", other.get("packed_as", packed), new, digest(packed), *steps)


def rollback(packed: bytes, running: Pack) -> RawRecord:
    """Anna goes back to a pack that has run before."""
    version = open_bundle(packed).version
    step = Step("rolled_back", version, digest(packed), "anna.ek", datetime.now(UTC), "for a test", running.version)
    return _record("rolled_back", packed, version, digest(packed), step)


def _record(action: PackAction, packed: bytes, version: str, of: str, *steps: Step) -> RawRecord:
    signatures = [sign(KEYS[step.by], step) for step in steps]
    record = PackRecord(action=action, version=version, digest=of, bundle=packed, signatures=signatures)
    return RawRecord(version.encode(), _CODEC.encode("pack_record", record.model_dump(mode="python")), ())
