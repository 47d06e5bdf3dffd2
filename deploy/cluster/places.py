"""Where the local cluster keeps its data, and where it keeps what it fetched."""

import errno
import os
import shutil
from pathlib import Path

import platformdirs

from deploy.cluster.errors import ClusterError, DiskFullError

MIB = 1 << 20

#: Jars (45 MiB), the start-up archive (65 MiB), a fresh broker's logs and metadata, and room to work.
NEEDED_BYTES = 400 * MIB


def home() -> Path:
    """The folder of the cluster's data and logs: SAMBUS_HOME, or the user's data folder."""
    return _folder("SAMBUS_HOME", platformdirs.user_data_path("sambus"))


def cache() -> Path:
    """The folder of what was fetched and can be fetched again: SAMBUS_CACHE, or the user's cache folder."""
    return _folder("SAMBUS_CACHE", platformdirs.user_cache_path("sambus"))


def _folder(variable: str, default: Path) -> Path:
    named = os.environ.get(variable)
    return Path(named).expanduser().absolute() if named else default


def require_space(folder: Path, needed: int | None = None) -> None:
    """See that the file system of ``folder`` (which need not exist yet) has room: ``NEEDED_BYTES`` unless told.

    Errors: ``DiskFullError`` with what is free and what is needed.
    """
    needed = NEEDED_BYTES if needed is None else needed
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(standing).free
    if free < needed:
        raise disk_full(folder, f"{free // MIB} MiB are free where {folder} lies, and {needed // MIB} MiB are needed.")


def disk_full(folder: Path, problem: str | None = None) -> DiskFullError:
    """The error for a folder whose file system is full."""
    return DiskFullError(
        problem or f"The disk where {folder} lies is full.",
        "Make room there, or choose another disk with SAMBUS_HOME (data) and SAMBUS_CACHE (what was fetched).",
    )


def is_disk_full(problem: OSError) -> bool:
    """Tell whether the system refused to write for want of room."""
    return problem.errno in (errno.ENOSPC, errno.EDQUOT)


def unwritable(folder: Path, problem: OSError) -> ClusterError:
    """The error for a folder that cannot be written, whatever the reason."""
    if is_disk_full(problem):
        return disk_full(folder)
    return ClusterError(
        f"{problem.filename or folder} cannot be written: {problem.strerror or type(problem).__name__}.",
        "See that you may write there, or choose another folder with SAMBUS_HOME.",
    )
