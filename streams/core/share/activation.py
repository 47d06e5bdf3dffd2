"""Whether a step in the life of a pack may be taken: who signed, what runs now, and whether the new pack compiles.

Two different people for an activation, one for going back to a pack that has run before. The signers are those of the
running pack, so a pack cannot bring its own. A step is told apart from its repetition by its moment: it must be later
than that of the step which the running pack came by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from schemas.gazetteer import Gazetteer
from schemas.records import PackRecord, PackSignature
from streams.core.share.bundle import digest, open_bundle
from streams.core.share.pack import Pack
from streams.core.share.problems import PackError
from streams.core.share.signing import holds

_LATE_BY: Final = "its moment is not later than that of the pack that runs"


@dataclass(frozen=True)
class Running:
    """What decides now, and what has decided before.

    Shape: ``since`` is the moment of the last signature that the running pack came by, None for the pack that the
    workers started with; ``former`` are the digests of packs that have run, by version.
    """

    pack: Pack
    since: datetime | None = None
    former: Mapping[str, str] = field(default_factory=dict)


class Refused(NamedTuple):
    """Why a step is not taken. ``code`` is from a closed list, ``message`` and ``remedy`` are for its signer."""

    code: str
    message: str
    remedy: str

    def __str__(self) -> str:
        """``message. remedy``."""
        return f"{self.message}. {self.remedy}"


def judge(record: PackRecord, running: Running, gazetteer: Gazetteer) -> Pack | Refused:
    """The pack that is to run from now on, or why the running one stays. Errors: none; bad bytes are a refusal.

    A proposal is judged the same way; its pack is then only shown to be one that could run.
    """
    for refused in (*_unsigned(record, running), *_untimely(record, running)):
        return refused
    try:
        if digest(record.bundle) != record.digest:
            return Refused("NOT_THE_SIGNED_PACK", "The bundle is not the one that was signed", "Propose it anew.")
        pack = open_bundle(record.bundle, gazetteer)
    except PackError as error:
        first = error.problems[0]
        return Refused("BAD_PACK", f"The pack has {len(error.problems)} problem(s), first {first}", "Mend it.")
    if pack.version != record.version:
        return Refused("OTHER_VERSION", f"The bundle is version {pack.version}", "Propose it under its own version.")
    return pack


def _unsigned(record: PackRecord, running: Running) -> Iterator[Refused]:
    signers = running.pack.file.signers
    wanted = {"proposed": ["proposed"], "activated": ["proposed", "activated"], "rolled_back": ["rolled_back"]}
    if [signature.action for signature in record.signatures] != wanted[record.action]:
        yield Refused("NOT_SIGNED", "The signatures are not those that this step needs", "Use `sambus rules`.")
        return
    for signature in record.signatures:
        if signature.by not in signers:
            known = ", ".join(sorted(signers)) or "nobody: `signers` in the running pack is empty"
            yield Refused("NOT_A_SIGNER", f"{signature.by} may not sign rule packs", f"Those who may: {known}.")
        elif not holds(signature, record.version, record.digest, signers[signature.by]):
            yield Refused("BAD_SIGNATURE", f"The signature is not {signature.by}'s own", "Sign with the key itself.")
    people = {signers.get(signature.by, signature.by) for signature in record.signatures}
    if len(people) < len(record.signatures):
        message = "The one who proposed a pack cannot activate it"
        yield Refused("SAME_PERSON", message, "A second signer must look at it and activate it.")


def _untimely(record: PackRecord, running: Running) -> Iterator[Refused]:
    if record.action == "proposed":
        return
    step: PackSignature = record.signatures[-1]
    if step.replaces != running.pack.version:
        message = f"The step would replace {step.replaces}, but {running.pack.version} runs"
        yield Refused("OTHER_RUNNING", message, "Look at the difference to the running pack, then sign again.")
    if running.since is not None and step.at <= running.since:
        yield Refused("REPEATED", f"The step is old: {_LATE_BY}", "Check the clock, then sign again.")
    if record.action == "rolled_back" and running.former.get(record.version) != record.digest:
        message = f"{record.version} has not run before"
        yield Refused("NEVER_RAN", message, "One person can only go back; a new pack needs two.")
