"""For the tests of commands: a bus with its topics, records on it, and the command line as a person calls it."""

import asyncio
from collections.abc import Iterable

from click.testing import CliRunner, Result

from deploy.cli.main import main
from tests.consumers.made import Sent, create_topics, write


def prepare(bootstrap: str, records: Iterable[Sent] = ()) -> list[tuple[int, int]]:
    """Make the topics, write the records in one transaction; gives their places."""

    async def work() -> list[tuple[int, int]]:
        await create_topics(bootstrap)
        return await write(bootstrap, records)

    return asyncio.run(work())


def sambus(bootstrap: str, *arguments: str) -> Result:
    """Call ``sambus`` against a cluster; stdout and stderr apart, wide enough that no line is folded."""
    environment = {"SAMBUS_BOOTSTRAP": bootstrap, "COLUMNS": "400", "TERM": "dumb", "SAMBUS_LANG": "en"}
    return CliRunner().invoke(main, list(arguments), env=environment)
