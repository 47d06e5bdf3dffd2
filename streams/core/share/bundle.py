"""A pack as one piece of bytes: what is signed, what travels on ``rules.packs``, what a lane keeps.

Shape: zlib of canonical JSON ``{"files": {name: text}, "form": 1}``: the pack's own files, names sorted, without its
cases. The digest is over the JSON, so another zlib that packs tighter makes no other pack.
Errors: whatever the bytes are, ``PackError`` and nothing else, before more than ``MAX_OPEN`` bytes are unpacked.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from schemas.gazetteer import Gazetteer, load_gazetteer
from streams.core.share.loading import MAX_FILES, pack_files, read_texts
from streams.core.share.marked_yaml import MAX_BYTES, read_text
from streams.core.share.pack import Pack
from streams.core.share.problems import PackError, PackProblem

#: A bundle travels in one Kafka record beside its signatures.
MAX_BUNDLE: Final = 1024 * 1024
#: What a bundle may unpack to. Zlib can pack a thousandfold, so the bound is kept while unpacking.
MAX_OPEN: Final = 8 * 1024 * 1024
_FORM: Final = 1
_FILE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*\.yaml")


def pack_bundle(folder: Path) -> bytes:
    """The bundle of the pack in a folder: the same files give the same bytes.

    Errors: ``PackError`` for a folder that is no pack, a file name that cannot travel, or far too much text. Whether
    the pack is a good one is not asked here.
    """
    texts: dict[str, str] = {}
    for path in pack_files(folder):
        name = path.relative_to(folder).as_posix()
        if not _FILE_NAME.fullmatch(name):
            raise _broken(name, "The file's name cannot travel", "Use small letters a-z, digits, - and _ in it.")
        texts[name] = read_text(path, name)
    return bundle_texts(texts)


def bundle_texts(texts: Mapping[str, str]) -> bytes:
    """The bundle of files by name. Errors: ``PackError`` when it is larger than a bundle may be."""
    plain = json.dumps({"files": dict(texts), "form": _FORM}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    raw = plain.encode()
    packed = zlib.compress(raw, 9)
    if len(raw) > MAX_OPEN or len(packed) > MAX_BUNDLE:
        raise _broken("pack", "The pack is too large to travel", f"Keep it under {MAX_OPEN >> 20} MiB of text.")
    return packed


def open_bundle(bundle: bytes, gazetteer: Gazetteer | None = None) -> Pack:
    """The checked, compiled pack of a bundle. Errors: ``PackError`` with every problem."""
    return Pack(read_texts(bundle_files(bundle)), gazetteer or load_gazetteer())


def bundle_files(bundle: bytes) -> dict[str, str]:
    """The files of a bundle by name, as text. Errors: ``PackError`` for what is no bundle."""
    raw = _unpacked(bundle)
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise _broken("bundle", "This is no bundle of a rule pack", "Make it anew from the pack's folder.") from None
    return _checked(found)


def digest(bundle: bytes) -> str:
    """What signatures stand for: the SHA-256 of the bundle's content, as hex. Errors: ``PackError``."""
    return hashlib.sha256(_unpacked(bundle)).hexdigest()


def _unpacked(bundle: bytes) -> bytes:
    if len(bundle) > MAX_BUNDLE:
        raise _broken("bundle", f"The bundle is larger than {MAX_BUNDLE >> 20} MiB", "Give the bundle of one pack.")
    opener = zlib.decompressobj()
    try:
        raw = opener.decompress(bundle, MAX_OPEN)
    except zlib.error:
        raise _broken("bundle", "This is no bundle of a rule pack", "Make it anew from the pack's folder.") from None
    if not opener.eof or opener.unused_data:
        raise _broken("bundle", "The bundle is cut off or too large", "Make it anew from the pack's folder.")
    return raw


def _checked(found: Any) -> dict[str, str]:
    files = found.get("files") if isinstance(found, dict) and set(found) == {"files", "form"} else None
    if not isinstance(files, dict) or not files or found["form"] != _FORM:
        raise _broken("bundle", f"This is no bundle of form {_FORM}", "Make it with this version of Sambus.")
    if len(files) > MAX_FILES:
        raise _broken("bundle", f"More than {MAX_FILES} files", "Give the bundle of one pack.")
    for name, text in files.items():
        if not _FILE_NAME.fullmatch(name) or not isinstance(text, str):
            raise _broken("bundle", "A file in the bundle has no proper name or text", "Make it anew.")
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise _broken(name, "The file is not UTF-8 text", "Save it as UTF-8.")
        if len(text.encode()) > MAX_BYTES:
            raise _broken(name, f"The file is larger than {MAX_BYTES // 1024} KiB", "Split it.")
    return files


def _broken(file: str, message: str, remedy: str) -> PackError:
    return PackError([PackProblem(file, 0, message, remedy)])
