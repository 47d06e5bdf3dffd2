"""What the rules say of one event: the values that a decision is made of."""

from typing import Final, NamedTuple

from streams.core.share.views import CompiledView

#: The view group of a delivery that no rule asked to keep separate.
MAIN: Final = "main"


class ReceiverRuling(NamedTuple):
    """One delivery: to which desk, in which view, by which rules, how urgently and why."""

    desk: str
    view_group: str
    view: CompiledView
    rules: tuple[str, ...]
    priority: int
    priority_reason: str
    feed: str
    obligations: tuple[str, ...]
    marks: tuple[str, ...]


class WithheldRuling(NamedTuple):
    """One proposed receiver that block rules denied."""

    desk: str
    block_rules: tuple[str, ...]
    proposed_by: tuple[str, ...]


class Ruling(NamedTuple):
    """The whole decision on one event. Handling and sensitivity are the strictest of the event and its inputs."""

    receivers: tuple[ReceiverRuling, ...]
    withheld: tuple[WithheldRuling, ...]
    handling: str
    sensitivity: int
