"""``sambus quarantine``: what intake could not accept, why, how to mend it, sending it again, and dropping it."""

from dataclasses import replace

import click

from consumers.causes import By, Selection, groups
from consumers.quarantine import State, entries, shown
from deploy.cli.asking import console, desk_option, json_option, lang_option, print_json, run
from deploy.cli.connection import Connection, connection_options
from deploy.cli.quarantine_choice import one_entry, selection_options
from deploy.cli.quarantine_pauses import resume_command
from deploy.cli.quarantine_words import besides, group_json, print_groups, print_list, print_one, told_json
from deploy.cli.quarantine_work import drop_command, mend_command, retry_command
from deploy.cli.sealing import sealing_codec


@click.group("quarantine")
def quarantine() -> None:
    """Look at what could not be accepted; mend and retry what is your own, or drop it.

    A record is named by its place, PARTITION:OFFSET, or by its event id.
    """


for _command in (mend_command, retry_command, drop_command, resume_command):
    quarantine.add_command(_command)


@quarantine.command("list")
@desk_option(required=False, help_text="Only what this desk published.")
@selection_options
@click.option(
    "--by", type=click.Choice([each.value for each in By]), help="Put together what has this in common, and count it."
)
@click.option("--dropped", "state", flag_value=State.DROPPED, help="What was dropped, instead of what waits.")
@click.option("--retried", "state", flag_value=State.RETRIED, help="What was published again, instead of what waits.")
@json_option
@lang_option
@connection_options
def list_command(
    desk: str | None,
    selection: Selection,
    by: str | None,
    state: str | None,
    as_json: bool,
    lang: str,
    connection: Connection,
) -> None:
    """List what is in quarantine, oldest first, and count it by code and by origin.

    What was dropped or published again is counted, and listed with --dropped and --retried alone.
    """
    codec, wanted = sealing_codec(), State(state or State.WAITING)
    found = run(entries(connection.aiokafka(), codec, origin=desk)) or []
    meant = [entry for entry in found if replace(selection, state=None).takes(shown(entry, None, codec))]
    listed = [entry for entry in meant if shown(entry, None, codec).state is wanted]
    if by is not None:
        grouped = groups((shown(entry, None, codec) for entry in listed), By(by))
        if not as_json:
            print_groups(console(), grouped, By(by), lang)
        for group in grouped if as_json else ():
            print_json(group_json(group))
        return
    if as_json:
        for entry in listed:
            print_json(told_json(shown(entry, None, codec)))
        return
    print_list(console(), listed, codec, lang, wanted)
    if wanted is State.WAITING:
        for other, option in ((State.DROPPED, "--dropped"), (State.RETRIED, "--retried")):
            count = sum(shown(entry, None, codec).state is other for entry in meant)
            if count:
                console().print(besides(count, other, option, lang), style="dim")


@quarantine.command("show")
@click.argument("record")
@desk_option(required=False, help_text="The desk you ask for; content is shown to the publisher's own desk only.")
@json_option
@lang_option
@connection_options
def show_command(record: str, desk: str | None, as_json: bool, lang: str, connection: Connection) -> None:
    """Show one record: what is wrong, where, and how to mend it."""
    codec = sealing_codec()
    view = shown(one_entry(connection, codec, record), desk, codec)
    if as_json:
        print_json(told_json(view))
    else:
        print_one(console(), view, lang)
