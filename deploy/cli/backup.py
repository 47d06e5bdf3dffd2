"""``sambus backup`` and ``sambus restore``: all of the bus into a folder, and back into a cluster that is new."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from aiokafka.errors import KafkaError

from deploy.cli.archive_place import archive_options
from deploy.cli.asking import AskError, run
from deploy.cli.connection import Connection, connection_options
from deploy.cli.own_access import own_access_option, topics_with
from producers.spool_keys import SpoolKeys, SpoolKeysError, read_keys

F = TypeVar("F", bound=Callable[..., Any])
_FOLDER = click.Path(file_okay=False, path_type=Path)
_key_option = click.option(
    "--key-file",
    envvar="SAMBUS_BACKUP_KEY_FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of the keys that it is encrypted with, made by `sambus spool key make`. [default: not encrypted]",
)
_without_archive = click.option("--without-archive", is_flag=True, help="Topics alone; the archive is kept elsewhere.")


@click.command()
@click.argument("folder", type=_FOLDER)
@_key_option
@_without_archive
@own_access_option
@archive_options
@connection_options
def backup(
    folder: Path,
    key_file: Path | None,
    without_archive: bool,
    own_access: tuple[str, ...],
    place: tuple[str, Path | None],
    connection: Connection,
) -> None:
    """Write all of the bus into the new FOLDER: topics with offsets and times, groups, and the archive.

    Stop all workers first. The ledger is verified before. On a secured bus this is for the super user.

    Exit codes: 0 done, 1 workers are at work, or the ledger is broken (the backup is taken all the same), 3 the bus
    cannot be reached.
    """
    from deploy.backup.archive import ArchiveFiles
    from deploy.backup.cluster import BackupError
    from deploy.backup.taking import take

    if folder.exists():
        raise click.UsageError(f"{folder} is there already: a backup has a folder of its own.")
    topics = topics_with(own_access, _partitions(connection))
    archive = None if without_archive else ArchiveFiles(place[0])
    if archive is not None and not archive.there:
        click.echo("There is no archive yet; topics alone are saved.", err=True)
        archive = None
    work = take(connection.aiokafka(), folder, topics, own_access, _keys(key_file), archive, _tell)
    try:
        made = run(work)
    except (BackupError, KafkaError, OSError) as problem:
        raise AskError(f"No backup was made: {problem}.") from None
    if made is None:
        raise AskError(f"It was interrupted: {folder} is no backup.")
    found, digest = made
    click.echo(f"{sum(part.records for part in found.parts)} records, {len(found.parts)} partitions in {folder}.")
    click.echo(f"Keep this digest elsewhere: {digest}")
    if not found.sound:
        raise AskError("The ledger is not as it was written; see `sambus ledger verify`. The backup holds it as it is.")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--digest", help="What `sambus backup` told to keep: nothing else is restored.")
@_key_option
@_without_archive
@archive_options
@connection_options
def restore(
    folder: Path,
    digest: str | None,
    key_file: Path | None,
    without_archive: bool,
    place: tuple[str, Path | None],
    connection: Connection,
) -> None:
    """Restore the backup in FOLDER into a Kafka that has nothing of the bus, every record at its old offset.

    Everything is checked before anything is written, and the ledger is verified after. Start no worker before.

    Exit codes: 0 done, 1 the backup is not whole or there is something already, 3 the bus cannot be reached.
    """
    from deploy.backup import manifest
    from deploy.backup.archive import ArchiveFiles
    from deploy.backup.cluster import BackupError
    from deploy.backup.restoring import restore as restored
    from deploy.backup.sealed import SealedError
    from deploy.topics import TopicsError

    keys = _keys(key_file)
    try:
        held = manifest.read(folder, keys)
        if digest is not None:
            manifest.require_digest(folder, digest)
        archive = None if without_archive or not held.archive else ArchiveFiles(place[0], held.archive_kind)
        run(restored(connection.aiokafka(), folder, held, keys, archive, _tell))
    except (SealedError, BackupError, TopicsError, KafkaError, OSError) as problem:
        raise AskError(f"Not restored: {problem}.") from None
    click.echo("Restored. Delete workers' snapshots, then start workers, gateways and archivers.")


def _partitions(connection: Connection) -> int:
    """How many partitions the flow has on the cluster. Errors: ``AskError`` when there is no bus on it."""
    from deploy.backup.cluster import partitions_of
    from schemas.topics import GATEWAY_IN

    found = run(partitions_of(connection.aiokafka(), [GATEWAY_IN]))
    if not found:
        raise AskError("There is no bus on this Kafka: it has no topic in.gateway.")
    return len(found)


def _keys(file: Path | None) -> SpoolKeys | None:
    try:
        return read_keys(file) if file is not None else None
    except SpoolKeysError as problem:
        raise click.UsageError(f"{problem}.") from None


def _tell(line: str) -> None:
    click.echo(line, err=True)
