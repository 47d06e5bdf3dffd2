"""Where a command finds the archive, who asks it, and what it says when the archive refuses."""

import functools
import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from consumers.archive.archive import Archive, open_archive
from consumers.archive.database import ArchiveNewerError, ArchiveUnreachableError
from consumers.archive.refusals import RefusedError
from deploy.cli.asking import AskError
from deploy.cluster.places import home

F = TypeVar("F", bound=Callable[..., Any])
_FOLDER = "archive"


def default_url() -> str:
    """The archive of this machine: a SQLite file in the folder of ``SAMBUS_HOME``."""
    return f"sqlite:///{home() / _FOLDER / 'archive.db'}"


def default_key() -> Path:
    """The file of the archive's key on this machine."""
    return home() / _FOLDER / "archive.key"


def archive_options(command: F) -> F:
    """The options ``--archive`` and ``--archive-key``; the command receives ``place``, to be opened."""

    @functools.wraps(command)
    def with_place(*args: Any, **kwargs: Any) -> Any:
        url = kwargs.pop("archive_url") or default_url()
        place = (_with_password(url, kwargs.pop("archive_password_file")), kwargs.pop("archive_key"))
        return command(*args, place=place, **kwargs)

    url = click.option(
        "--archive",
        "archive_url",
        envvar="SAMBUS_ARCHIVE",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME. [default: a file in the folder of SAMBUS_HOME]",
    )
    key = click.option(
        "--archive-key",
        envvar="SAMBUS_ARCHIVE_KEY",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File of the archive's key; made if it is not there. [default: in the folder of SAMBUS_HOME]",
    )
    password = click.option(
        "--archive-password-file",
        envvar="SAMBUS_ARCHIVE_PASSWORD_FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File of the password of PostgreSQL's user. [default: as PostgreSQL's own variables say]",
    )
    wrapped: Any = url(password(key(with_place)))
    return wrapped  # type: ignore[no-any-return]


def _with_password(url: str, file: Path | None) -> str:
    """The address with the password in a file. Errors: ``click.UsageError``, which tells nothing of either."""
    if file is None:
        return url
    try:
        password = file.read_text("utf-8").strip()
        return make_url(url).set(password=password).render_as_string(hide_password=False)
    except (OSError, UnicodeDecodeError, ArgumentError) as problem:
        raise click.UsageError(f"The archive's address or password cannot be used: {type(problem).__name__}") from None


def user_option(command: F) -> F:
    """The option ``--user``: who asks, for the log of readings and the register of exports."""
    return click.option("--user", "subject", metavar="NAME", help="Who asks. [default: the user of this machine]")(
        command
    )


def subject_of(given: str | None) -> str:
    """Who asks on this machine."""
    return given or getpass.getuser()


@contextmanager
def opened(place: tuple[str, Path | None]) -> Iterator[Archive]:
    """The archive. Errors: ``ClickException`` with exit code 1 when it cannot be reached, 2 when it cannot be."""
    url, key = place
    if key is None or url == default_url():
        (home() / _FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        archive = open_archive(url, key or default_key())
    except (ArchiveUnreachableError, ArchiveNewerError) as problem:
        raise AskError(str(problem)) from None
    except (ValueError, OSError) as problem:
        raise click.UsageError(f"The archive cannot be opened: {problem}") from None
    with archive:
        yield archive


def refuse(problem: RefusedError, lang: str) -> NoReturn:
    """Say why the archive refuses, and what would be right."""
    where = f" {problem.pointer}" if problem.pointer else ""
    raise AskError(f"{problem.code}{where}: {problem.remedy(lang)}") from None
