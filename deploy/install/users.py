"""Sets the passwords of a secured Kafka's users from a folder, one file a user, coming in as a broker."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aiokafka.client import AIOKafkaClient

from deploy.cluster.secured import passwords_of

_ENDING: Final = ".password"


class UsersError(Exception):
    """Kafka refused, or the folder holds no password. The text names users, never a password."""


def read_passwords(folder: Path) -> dict[str, str]:
    """The password of each user with a file ``<user>.password``. Errors: ``UsersError``."""
    try:
        found = {path.name.removesuffix(_ENDING): path.read_text("utf-8").strip() for path in _files(folder)}
    except (OSError, UnicodeDecodeError) as problem:
        raise UsersError(f"a file of a password cannot be read: {type(problem).__name__}") from None
    if not found:
        raise UsersError(f"no file <user>{_ENDING} in {folder}; make them with `sambus deploy secrets`")
    if empty := sorted(user for user, password in found.items() if not password):
        raise UsersError(f"the password of {empty[0]} is empty")
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_ENDING}"))


async def set_passwords(options: Mapping[str, Any], passwords: Mapping[str, str]) -> int:
    """Make every user's password the one given; returns how many users there are.

    Shape: aiokafka's connection options of whoever may alter users: a broker's certificate, or the super user.
    Errors: aiokafka's ``KafkaError`` when no broker answers, ``UsersError`` when it refuses.
    """
    client = AIOKafkaClient(**options)
    try:
        await client.bootstrap()
        answer = await client.send(client.get_random_node(), passwords_of(passwords))
    finally:
        await client.close()
    if refused := [user for user, code, *_ in answer.results if code]:
        raise UsersError(f"it does not let this user set the password of {refused[0]}")
    return len(passwords)
