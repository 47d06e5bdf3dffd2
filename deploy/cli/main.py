"""The ``sambus`` command: a group whose commands are imported only when they are called."""

import importlib

import click

#: Command name → module that defines it (attribute ``command``). The names are a contract.
COMMANDS = {
    "up": "deploy.cli.cluster:up",
    "down": "deploy.cli.cluster:down",
    "reset": "deploy.cli.cluster:reset",
    "demo": "deploy.cli.demo:demo",
    "worker": "deploy.cli.worker:worker",
    "gateway": "deploy.cli.gateway:gateway",
    "identity": "deploy.cli.identity:identity",
    "token": "deploy.cli.identity:token",
    "publish": "deploy.cli.publish:publish",
    "import": "deploy.cli.importing:import_command",
    "receipts": "deploy.cli.receipts:receipts",
    "spool": "deploy.cli.spool:spool",
    "feed": "deploy.cli.feed:feed",
    "notify": "deploy.cli.notify:notify",
    "reads": "deploy.cli.reads:reads",
    "ack": "deploy.cli.ack:ack",
    "link": "deploy.cli.link:link",
    "explain": "deploy.cli.explain:explain",
    "status": "deploy.cli.status:status",
    "watch": "deploy.cli.watch:watch",
    "pictures": "deploy.cli.pictures:pictures",
    "steering": "deploy.cli.steering:steering",
    "archive": "deploy.cli.archive:archive",
    "export": "deploy.cli.export:export",
    "ledger": "deploy.cli.ledger:ledger",
    "completeness": "deploy.cli.completeness:completeness",
    "quarantine": "deploy.cli.quarantine:quarantine",
    "rules": "deploy.cli.rules:rules",
    "keys": "deploy.cli.keys:keys",
    "signals": "deploy.cli.signals:signals",
    "topics": "deploy.cli.topics:topics",
    "acls": "deploy.cli.acls:acls",
    "backup": "deploy.cli.backup:backup",
    "restore": "deploy.cli.backup:restore",
    "mirror": "deploy.cli.mirror:mirror",
    "deploy": "deploy.cli.deploy:deploy",
    "verify-release": "deploy.cli.verify_release:verify_command",
    "schemas": "deploy.cli.schemas:schemas",
    "bench": "deploy.cli.bench:bench",
}


class LazyGroup(click.Group):
    """A command group that imports a command's module when it is asked for, so that help is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name, or none."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is not a command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="sambus")
def main() -> None:
    """Sambus, samverkansbussen: events between police units, shared by rule, on Apache Kafka.

    Exit codes: 0 done, 1 the thing asked about is not well (or some events were rejected), 2 wrong use,
    3 the bus cannot be reached.
    """
