"""The file of the keys under which references are compared: read when a worker starts, the same for all workers."""

from pathlib import Path

from schemas.sealing import SealKeys, seal_key
from streams.core.link.keys import KeysError, MatchKeys, parse_keys

_REMEDY = (
    "Every worker needs the file of the keys under which references are compared, and all of them the same one. "
    "Make it once with `sambus keys make FILE`, and name it with --match-keys or SAMBUS_MATCH_KEYS."
)


def read_keys(path: Path | None) -> MatchKeys:
    """The keys in a file. Errors: ``KeysError`` with the remedy, when there is none or it cannot be used."""
    if path is None:
        raise KeysError(f"No keys for matching are named. {_REMEDY}")
    try:
        return parse_keys(path.read_bytes())
    except OSError as problem:
        raise KeysError(f"{path} cannot be read: {problem.strerror}. {_REMEDY}") from None
    except KeysError as problem:
        raise KeysError(f"{path} holds no keys for matching: {problem}.") from None


def seal_keys(keys: MatchKeys) -> SealKeys:
    """The keys for sealing that go with these: they rotate with them, and open as long as anything is remembered."""
    generations = (keys.current, *filter(None, (keys.previous,)))
    made = {each.name: {level: seal_key(key) for level, key in each.keys.items()} for each in generations}
    return SealKeys(keys.current.name, made)
