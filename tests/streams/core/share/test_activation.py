"""Two people put a pack in force, one can go back; what is not signed just so changes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.records import PackAction, PackRecord
from streams.core.share import Pack
from streams.core.share.activation import Refused, Running, judge
from streams.core.share.bundle import bundle_files, bundle_texts, digest, open_bundle, pack_bundle
from streams.core.share.loading import RULES
from streams.core.share.signing import KeyFormError, Step, holds, is_public_key, make_key, public_key, sign
from tests.streams.core.share.packs import PACK, REFERENCE

ANNA, BO, EVA = make_key(), make_key(), make_key()
KEYS = {"anna.ek": ANNA, "bo.alm": BO}
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def with_signers(version: str, **signers: str) -> bytes:
    """The bundle of the released pack under another version, with these signers."""
    files = bundle_files(pack_bundle(RULES))
    lines = "".join(f"\n  {name}: {key}" for name, key in signers.items())
    declared = PACK.version.partition("+")[0]
    files["pack.yaml"] = files["pack.yaml"].replace(f'version: "{declared}"', f'version: "{version}"')
    return bundle_texts(files | {"pack.yaml": files["pack.yaml"] + f"\nsigners:{lines}\n"})


SIGNERS = {name: public_key(key) for name, key in KEYS.items()}
OLD_BUNDLE = with_signers("2030.1", **SIGNERS)
NEW_BUNDLE = with_signers("2030.2", **SIGNERS)
OLD, NEW = open_bundle(OLD_BUNDLE), open_bundle(NEW_BUNDLE)
RUNNING = Running(OLD)


@cache
def version_of(bundle: bytes) -> str:
    """The version of a bundle's pack."""
    return open_bundle(bundle).version


def step(action: PackAction, by: str, bundle: bytes = NEW_BUNDLE, **other: Any) -> Any:
    """One signature: by default of the new pack, in place of the old one."""
    key = other.pop("key", None) or KEYS[by]
    replaces = other.pop("replaces", None if action == "proposed" else OLD.version)
    at = other.pop("at", NOW)
    version = other.pop("version", None) or version_of(bundle)
    return sign(key, Step(action, version, digest(bundle), by, at, "for a test", replaces))


def record(action: PackAction, *signatures: Any, bundle: bytes = NEW_BUNDLE, **other: Any) -> PackRecord:
    """A step as it travels."""
    version = other.pop("version", None) or version_of(bundle)
    made = {"action": action, "version": version, "digest": digest(bundle), "bundle": bundle}
    return PackRecord.model_validate({**made, "signatures": list(signatures), **other})


def activation(**other: Any) -> PackRecord:
    """A good activation: Anna proposed, Bo activates."""
    return record("activated", step("proposed", "anna.ek"), step("activated", "bo.alm"), **other)


def code(found: Pack | Refused) -> str:
    """Why it was refused, or the version that is to run."""
    return found.code if isinstance(found, Refused) else found.version


def test_two_people_put_a_pack_in_force() -> None:
    """Also when it has travelled."""
    codec = Codec()
    travelled = codec.decode(codec.encode("pack_record", activation().model_dump())).value
    assert code(judge(PackRecord.model_validate(travelled), RUNNING, REFERENCE.gazetteer)) == NEW.version


def test_a_proposal_is_judged_by_its_one_signature() -> None:
    """Whatever runs: it replaces nothing yet."""
    proposal = record("proposed", step("proposed", "anna.ek"))
    assert code(judge(proposal, Running(NEW, NOW), REFERENCE.gazetteer)) == NEW.version


def test_one_person_goes_back_to_a_pack_that_ran() -> None:
    """At once; and only to one that ran, with the very bytes that ran."""
    back = record(
        "rolled_back",
        step("rolled_back", "bo.alm", OLD_BUNDLE, replaces=NEW.version, at=NOW + timedelta(minutes=1)),
        bundle=OLD_BUNDLE,
    )
    ran = Running(NEW, NOW, {OLD.version: digest(OLD_BUNDLE)})
    assert code(judge(back, ran, REFERENCE.gazetteer)) == OLD.version
    assert code(judge(back, Running(NEW, NOW), REFERENCE.gazetteer)) == "NEVER_RAN"
    assert code(judge(back, Running(NEW, NOW, {OLD.version: "0" * 64}), REFERENCE.gazetteer)) == "NEVER_RAN"


EVIL = with_signers("2030.2", **SIGNERS, **{"eva.dal": public_key(EVA)})
BAD = bundle_texts(bundle_files(NEW_BUNDLE) | {"more.yaml": "- id: S90\n"})

REFUSED: list[tuple[str, Callable[[], PackRecord]]] = [
    ("SAME_PERSON", lambda: record("activated", step("proposed", "bo.alm"), step("activated", "bo.alm"))),
    ("NOT_SIGNED", lambda: record("activated", step("activated", "bo.alm"))),
    ("NOT_SIGNED", lambda: record("activated", step("activated", "anna.ek"), step("activated", "bo.alm"))),
    ("NOT_SIGNED", lambda: record("proposed", step("proposed", "anna.ek"), step("activated", "bo.alm"))),
    ("NOT_A_SIGNER", lambda: record("proposed", step("proposed", "eva.dal", key=EVA))),
    # A pack cannot bring its own signers: those of the running one count.
    ("NOT_A_SIGNER", lambda: record("proposed", step("proposed", "eva.dal", EVIL, key=EVA), bundle=EVIL)),
    ("BAD_SIGNATURE", lambda: record("proposed", step("proposed", "anna.ek", key=BO))),
    ("BAD_SIGNATURE", lambda: activation(version=f"{NEW.version}x")),
    ("BAD_SIGNATURE", lambda: activation(digest="0" * 64)),
    ("NOT_THE_SIGNED_PACK", lambda: activation().model_copy(update={"bundle": OLD_BUNDLE})),
    ("OTHER_RUNNING", lambda: record(
        "activated", step("proposed", "anna.ek"), step("activated", "bo.alm", replaces="2029.1+00000000"))),
    ("OTHER_VERSION", lambda: record(
        "proposed", step("proposed", "anna.ek", version="2031.1+00000000"), version="2031.1+00000000")),
    ("BAD_PACK", lambda: record(
        "proposed", sign(ANNA, Step("proposed", "2030.3+0", digest(BAD), "anna.ek", NOW, "for a test")),
        version="2030.3+0", digest=digest(BAD), bundle=BAD)),
]  # fmt: skip


@pytest.mark.parametrize(("why", "made"), REFUSED, ids=[f"{why} {n}" for n, (why, _) in enumerate(REFUSED)])
def test_what_is_not_signed_just_so(why: str, made: Callable[[], PackRecord]) -> None:
    """It is refused with a code, and with what would be right."""
    found = judge(made(), RUNNING, REFERENCE.gazetteer)
    assert isinstance(found, Refused)
    assert (found.code, bool(found.remedy)) == (why, True)


def test_a_step_cannot_be_taken_again() -> None:
    """An old activation, written once more after a roll back, is not later than what the running pack came by."""
    assert code(judge(activation(), Running(OLD, NOW), REFERENCE.gazetteer)) == "REPEATED"
    assert code(judge(activation(), Running(OLD, NOW - timedelta(seconds=1)), REFERENCE.gazetteer)) == NEW.version


def test_a_running_pack_without_signers_takes_nothing() -> None:
    """The remedy says so."""
    found = judge(activation(), Running(open_bundle(pack_bundle(RULES))), REFERENCE.gazetteer)
    assert isinstance(found, Refused)
    assert found.code == "NOT_A_SIGNER"


@settings(max_examples=100, deadline=None)
@given(field=st.sampled_from(["action", "by", "at", "reason", "replaces", "signature"]), bit=st.integers(0, 511))
def test_no_signed_word_can_be_changed(field: str, bit: int) -> None:
    """Whatever is changed of a signed step, the signature no longer holds."""
    signed = step("activated", "bo.alm")
    changes: dict[str, Any] = {
        "action": "rolled_back",
        "by": "anna.ek",
        "at": NOW + timedelta(milliseconds=1 + bit),
        "reason": f"for a test {bit}",
        "replaces": None,
        "signature": (int.from_bytes(signed.signature) ^ (1 << bit)).to_bytes(64),
    }
    assert holds(signed, NEW.version, digest(NEW_BUNDLE), SIGNERS["bo.alm"])
    other = signed.model_copy(update={field: changes[field]})
    assert not holds(other, NEW.version, digest(NEW_BUNDLE), SIGNERS["bo.alm"])


@pytest.mark.parametrize(
    "text",
    ["", "ed25519:", "ed25519:AAAA", "ed25519:???", "rsa:AAAA", pytest.param(ANNA, id="a private key")],
)
def test_what_is_no_key(text: str) -> None:
    """Neither a public nor a private one; the error does not tell the text."""
    assert not is_public_key(text)
    if text != ANNA:
        with pytest.raises(KeyFormError) as problem:
            public_key(text)
        assert text not in str(problem.value) or len(text) < 9


def test_a_signer_must_be_a_public_key(tmp_path: Path) -> None:
    """Told with file, line and remedy; a private key put there by mistake is not told at all."""
    from streams.core.share import PackError
    from tests.streams.core.share.packs import changed

    folder = changed(tmp_path, "pack.yaml", "own_rule:", f'signers: {{anna.ek: "{ANNA}"}}\nown_rule:')
    with pytest.raises(PackError) as refused:
        Pack.load(folder)
    assert "this is no public key; `sambus rules key` makes one" in str(refused.value)
    assert ANNA not in str(refused.value)
