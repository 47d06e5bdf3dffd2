"""The ``sambus`` command: a group whose commands are imported only when they are called."""

import importlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import click


class Entry(NamedTuple):
    """A command: where it is (module and attribute), and a line that says what it does."""

    place: str
    says: str


#: What belongs together, in the order of use. The names of commands are a contract. What they say stands here so that
#: the list is there at once: to import them all takes seconds.
SECTIONS: Final[Mapping[str, Mapping[str, Entry]]] = {
    "Try it on this machine": {
        "up": Entry("deploy.cli.cluster:up", "Start the bus: Kafka, topics, workers and a gateway."),
        "down": Entry("deploy.cli.cluster:down", "Stop the bus that `sambus up` started."),
        "reset": Entry("deploy.cli.cluster:reset", "Stop it and delete its data."),
        "demo": Entry("deploy.cli.demo:demo", "A told day between made-up units, and the books at its end."),
        "identity": Entry("deploy.cli.identity:identity", "Sign in made-up people (OpenID Connect), for trials."),
        "token": Entry("deploy.cli.identity:token", "Print a token of a made-up person, for trials."),
        "bench": Entry("deploy.cli.bench:bench", "Measure the bus, alone or beside other engines."),
    },
    "Publish": {
        "publish": Entry("deploy.cli.publish:publish", "Publish the events of a file, or of standard input."),
        "import": Entry("deploy.cli.importing:import_command", "Publish the rows of a table, mapped to events."),
        "receipts": Entry("deploy.cli.receipts:receipts", "What became of a desk's own events."),
        "spool": Entry("deploy.cli.spool:spool", "What waits on this machine's disk to be sent."),
        "quarantine": Entry("deploy.cli.quarantine:quarantine", "Mend and retry what could not be accepted."),
    },
    "Read": {
        "feed": Entry("deploy.cli.feed:feed", "Show a desk's deliveries, from any moment on or live."),
        "ack": Entry("deploy.cli.ack:ack", "Take, decline, confirm or acknowledge a delivery."),
        "link": Entry("deploy.cli.link:link", "Confirm that two reports belong together, or part them."),
        "explain": Entry("deploy.cli.explain:explain", "Tell why an event went where it went, and not elsewhere."),
        "pictures": Entry("deploy.cli.pictures:pictures", "How much there was of what, where and when."),
        "archive": Entry("deploy.cli.archive:archive", "Keep deliveries in a database, and search them."),
        "export": Entry("deploy.cli.export:export", "Take events out of the archive, on record."),
        "notify": Entry("deploy.cli.notify:notify", "Tell flash alerts to webhooks and e-mail addresses."),
    },
    "Watch and audit": {
        "status": Entry("deploy.cli.status:status", "Tell whether the bus is well: lag, rates, workers."),
        "watch": Entry("deploy.cli.watch:watch", "Watch the bus all the time: alarms, canaries, silence."),
        "ledger": Entry("deploy.cli.ledger:ledger", "Prove that no line of the ledger was changed."),
        "completeness": Entry("deploy.cli.completeness:completeness", "Prove that all deliveries arrived."),
        "reads": Entry("deploy.cli.reads:reads", "Audit the read log: who read what, when and for what."),
        "steering": Entry("deploy.cli.steering:steering", "What each part of the strategy led to."),
        "signals": Entry("deploy.cli.signals:signals", "Alert rules and a dashboard for the bus's metrics."),
    },
    "Rules, schemas, keys": {
        "rules": Entry("deploy.cli.rules:rules", "Check, test, sign and activate packs: who gets what."),
        "schemas": Entry("deploy.cli.schemas:schemas", "The Avro schemas of everything on the bus."),
        "keys": Entry("deploy.cli.keys:keys", "Keys for comparing persons and things, and for sealing."),
    },
    "Run and install": {
        "worker": Entry("deploy.cli.worker:worker", "Run one worker: intake, assess, share, link, picture."),
        "gateway": Entry("deploy.cli.gateway:gateway", "Run one gateway: intake over HTTP, feeds and pages."),
        "topics": Entry("deploy.cli.topics:topics", "Compare the cluster's topics with the catalogue; make them."),
        "acls": Entry("deploy.cli.acls:acls", "Compare who may do what with the catalogue; set it."),
        "deploy": Entry("deploy.cli.deploy:deploy", "Prepare an installation in containers or on Kubernetes."),
        "backup": Entry("deploy.cli.backup:backup", "Write all of the bus into a folder."),
        "restore": Entry("deploy.cli.backup:restore", "Bring a backup back into an empty Kafka."),
        "mirror": Entry("deploy.cli.mirror:mirror", "Give an area a Kafka cluster of its own."),
        "verify-release": Entry("deploy.cli.verify_release:verify_command", "Check a release against its signature."),
    },
}
#: Where each command is.
COMMANDS: Final = {name: entry.place for section in SECTIONS.values() for name, entry in section.items()}


class LazyGroup(click.Group):
    """A command group that imports a command's module when it is called."""

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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, by what they are for."""
        widest = max(map(len, COMMANDS))
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), entry.says) for name, entry in section.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="sambus")
def main() -> None:
    """Sambus, samverkansbussen: events between police units, shared by rule, on Apache Kafka.

    `sambus COMMAND --help` says more. Exit codes: 0 done, 1 the thing asked about is not well (or some events were
    rejected), 2 wrong use, 3 the bus cannot be reached.
    """
