"""Makes every secret of an installation in one folder, once: what is there stays, so running it again changes nothing.

Files are for their owner alone (mode 0600). Certificates are of an authority that is forgotten; an authority that has
one of its own puts its certificates in their place before, or after.
"""

import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from deploy.access import ADMIN
from deploy.certificates import RENEW_BEFORE, Wanted, left, signed
from deploy.cluster.local import new_cluster_id
from deploy.cluster.match_keys import make_keys, write_seal_keys
from deploy.cluster.secured import new_password, write_private
from deploy.cluster.settings import BROKER_USER, as_properties
from deploy.install.brokers import HOSTS, settings_of
from producers.spool_keys import make_keys as make_spool_keys

AUTHORITY: Final = "ca.pem"
#: The user of the container image, for whom root makes the files; anybody else makes them for themselves.
USER: Final = 10001
_KEY_BYTES: Final = 32
#: Services other than brokers that have a certificate: gateway and database.
_SERVICES: Final = ("gateway", "postgres")
_ACCESS: Final = 0o700


class Made(NamedTuple):
    """What was done: names of files that are new, and how many were there already."""

    new: tuple[str, ...]
    kept: int


def make(folder: Path, users: Iterable[str], gateway_hosts: Iterable[str] = ()) -> Made:
    """Make what is missing: certificates, a password for each user of Kafka, keys, and the brokers' settings.

    Shape: ``gateway_hosts`` are the names under which browsers reach the gateway. Certificates that end within a month
    are made anew, all of them: brokers and clients must then be restarted.
    Errors: ``OSError`` when the folder cannot be written.
    """
    for place in (folder, folder / "users", folder / "kafka"):
        place.mkdir(parents=True, exist_ok=True, mode=_ACCESS)
        place.chmod(_ACCESS)
    wanted = {folder / name: make_one for name, make_one in _single().items()}
    wanted |= {folder / "users" / f"{user}.password": _password for user in sorted({ADMIN, *users})}
    new = [path for path in wanted if not path.exists()]
    for path in new:
        wanted[path](path)
    sealing = folder / "sealing-keys.json"
    former = sealing.read_bytes() if sealing.exists() else b""
    write_seal_keys(folder / "match-keys.json", sealing)  # anew each time: those may have rotated
    if sealing.read_bytes() != former:
        new.append(sealing)
    new += _certificates(folder, list(gateway_hosts))
    for node in range(1, len(HOSTS) + 1):
        write_private(folder / "kafka" / f"{HOSTS[node - 1]}.properties", as_properties(settings_of(node)).encode())
    _variables(folder)
    if os.getuid() == 0:  # no container runs as root, and files keep their owner when they are mounted
        for path in (folder, *folder.rglob("*")):
            os.chown(path, USER, USER)
    return Made(tuple(str(path.relative_to(folder)) for path in new), len(wanted) - len(set(new) & set(wanted)))


def _single() -> dict[str, Callable[[Path], object]]:
    """One file each, and what makes it."""
    return {
        "match-keys.json": make_keys,
        "spool.keys": make_spool_keys,
        "archive.key": _key,
        "cursor.keys": _key,
        "reference.key": _key,
        "backup.keys": make_spool_keys,
        "postgres.password": _password,
        "grafana.password": _password,
    }


def _certificates(folder: Path, gateway_hosts: list[str]) -> list[Path]:
    """Sign all when one is missing or ends soon: nobody keeps the key that could sign a single one."""
    names = {"gateway": ["gateway", "localhost", *gateway_hosts], "postgres": ["postgres"]}
    wanted = {host: Wanted(BROKER_USER, (host, "localhost")) for host in HOSTS}
    wanted |= {service: Wanted(service, names[service]) for service in _SERVICES}
    paths = {name: folder / f"{name}.pem" for name in wanted}
    authority = folder / AUTHORITY
    if authority.exists() and all(path.exists() and left(path.read_bytes()) > RENEW_BEFORE for path in paths.values()):
        return []
    made = signed(wanted, "sambus installation authority")
    for name, path in paths.items():
        write_private(path, made.pairs[name])
    write_private(authority, made.authority)
    return [*paths.values(), authority]


def _variables(folder: Path) -> None:
    """What ``compose.yaml`` asks for and is no secret: as whom all run, and the cluster's id, which never changes."""
    path = folder / "compose.env"
    if not path.exists():
        user, group = (os.getuid(), os.getgid()) if os.getuid() else (USER, USER)
        told = {"SAMBUS_UID": user, "SAMBUS_GID": group, "SAMBUS_CLUSTER_ID": new_cluster_id()}
        write_private(path, "".join(f"{name}={value}\n" for name, value in told.items()).encode())


def _password(path: Path) -> None:
    write_private(path, f"{new_password()}\n".encode())


def _key(path: Path) -> None:
    write_private(path, f"{secrets.token_hex(_KEY_BYTES)}\n".encode())
