"""Publishing by way of a spool, for the commands that can: its options, its client, and what is said of it."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from deploy.cli.asking import AskError, console
from deploy.cli.sealing import seals
from deploy.cli.tracing import tracer_of
from producers.client import Producer, Publisher
from producers.spool import MIB, Kept, Spool, SpoolError
from producers.spool_keys import SpoolKeys, SpoolKeysError, keys_from_environment
from producers.spool_refusal import SpoolRefusedError
from producers.spooled import SpooledProducer
from schemas.schema_ids import SchemaIds

F = TypeVar("F", bound=Callable[..., Any])


class Spooling(NamedTuple):
    """What was chosen: a folder, or none; how much room it has in MiB; how long to wait for the bus at the end."""

    folder: Path | None
    room: int
    wait: float

    def publisher(self, options: dict[str, Any], desk: str, topic: str, *, ids: SchemaIds | None = None) -> Publisher:
        """The client for this choice; a spool keeps what needs no registry.

        Errors: ``click.UsageError`` when a spool has no key, or is to write a registry's ids.
        """
        tracer, sealing = tracer_of("publish"), seals()
        if self.folder is None:
            return Producer(options, origin=desk, topic=topic, ids=ids, tracer=tracer, seals=sealing)
        if ids is not None:
            raise click.UsageError("--spool keeps events that need no registry: leave --registry out.")
        return SpooledProducer(
            options,
            origin=desk,
            topic=topic,
            spool=self.folder,
            keys=keys(),
            closing=0.0,  # the command has waited by then
            max_bytes=self.room * MIB,
            tracer=tracer,
            seals=sealing,
        )


_OPTIONS = (
    click.option(
        "--spool",
        "folder",
        envvar="SAMBUS_SPOOL",
        type=click.Path(file_okay=False, path_type=Path),
        help="Take events on the disk first, in this folder: nothing is lost when the bus is out of reach.",
    ),
    click.option("--spool-room", "room", type=click.IntRange(1), default=256, show_default=True, help="MiB of disk."),
    click.option(
        "--wait",
        type=click.FloatRange(0),
        default=10.0,
        show_default=True,
        help="Seconds to wait at the end: for the bus to have all, and with --follow for what becomes of it.",
    ),
)


def spool_options(command: F) -> F:
    """Give a click command the options of a spool; it receives one ``spooling: Spooling``."""

    @functools.wraps(command)
    def with_spool(*args: Any, **kwargs: Any) -> Any:
        chosen = Spooling(*(kwargs.pop(name) for name in Spooling._fields))
        return command(*args, spooling=chosen, **kwargs)

    wrapped: Any = with_spool
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


def keys() -> SpoolKeys:
    """The keys of the environment. Errors: ``click.UsageError``."""
    try:
        return keys_from_environment()
    except SpoolKeysError as problem:
        raise click.UsageError(f"{problem}.") from None


def not_taken(problem: SpoolError | SpoolRefusedError, lang: str) -> AskError:
    """The command's error for an event that could not be taken, or a spool that cannot be used: exit code 1."""
    if isinstance(problem, SpoolRefusedError):
        return AskError(problem.refusal.remedy_sv if lang == "sv" else problem.refusal.remedy_en)
    return AskError(str(problem))


async def drained(publisher: Publisher, wait: float) -> int:
    """Wait for the bus to have all that was taken; how many events stay in the spool."""
    return await publisher.flush(wait, patient=False)


def tell_spool(publisher: Publisher, left: int, lang: str) -> None:
    """Say what waits in the spool and why, and which of its files cannot be sent."""
    if not isinstance(publisher, SpooledProducer):
        return
    err = console(stderr=True)
    if left:
        why = publisher.sender.trouble or ""
        said = {
            "sv": f"{left} väntar i spolen {publisher.spool.folder} och skickas nästa gång. {why}",
            "en": f"{left} wait in the spool {publisher.spool.folder} and are sent the next time. {why}",
        }[lang]
        err.print(said.strip(), soft_wrap=True)
    tell_kept(publisher.spool, lang)


def tell_kept(spool: Spool, lang: str) -> None:
    """Say which files of a spool stay because they cannot be sent, and what to do."""
    for kept in spool.kept:
        console(stderr=True).print(_kept(kept, lang), soft_wrap=True)


def _kept(kept: Kept, lang: str) -> str:
    if kept.key:
        return {
            "sv": f"{kept.path} kräver nyckeln {kept.key}, som saknas. Filen ligger kvar; lägg tillbaka nyckeln.",
            "en": f"{kept.path} needs the key {kept.key}, which is not here. The file stays; put the key back.",
        }[lang]
    return {
        "sv": f"{kept.path} är skadad och ligger kvar. Skicka dess händelser igen från källan, ta sedan bort filen.",
        "en": f"{kept.path} is damaged and stays. Send its events again from their source, then remove the file.",
    }[lang]
