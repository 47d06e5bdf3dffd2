"""What the bus itself writes: deliveries, decisions, quarantined records. Models like the events', same codec."""

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.envelope import Origin, Priority
from schemas.model import EventId, KeyedHash, Model, Moment, Ref, ShortText
from schemas.vocabulary import Function, Handling

#: A desk, ``unit/function``: the address that rules share with.
Desk = Annotated[str, Field(pattern=r"^[a-z0-9.-]+/[a-z_]+$", max_length=150)]


#: A delivery, ``<event_id>:<revision>:<desk>:<view_group>``.
DELIVERY_ID = (
    r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r":[1-9][0-9]{0,4}:[a-z0-9.-]+/[a-z_]+:[A-Za-z0-9_.:-]+$"
)
DeliveryId = Annotated[str, Field(pattern=DELIVERY_ID, max_length=300)]


def desk_address(unit: str, function: Function | str) -> str:
    """The address of a desk: ``se.stockholm.stockholm-nord.jarva/intelligence``."""
    return f"{unit}/{function}"


#: Who publishes what the bus itself finds: no unit of the gazetteer, so no desk of its own gets it.
BUS_UNIT: Final = "se.bus"
BUS_DESK: Final = desk_address(BUS_UNIT, Function.COORDINATION)


class Receiver(Model):
    """One receiver of an event, and how the rules made it one: the same in the ledger and in the delivery itself."""

    desk: Desk
    view_group: Ref  # "main", or the rule id of a rule marked separate
    view: list[Ref]  # names of the views that were intersected
    rules: list[Ref]
    priority: Priority
    priority_reason: ShortText
    feed: ShortText  # logical feed address, e.g. feed.local.se.stockholm.stockholm-nord.jarva
    obligations: list[Ref]
    marks: list[Ref]  # NOT_EVALUATED, NOT_EVIDENCE, SAME_ORIGIN, UNCONFIRMED ...


class DeliveryMeta(Receiver):
    """How one delivery came to be: everything about it but the minimised event.

    A delivery is the view of one event made for one desk; one for each event revision, desk and view group. First
    stands what the rules say of the receiver, last what is the same for all receivers: each is encoded only once.
    """

    delivery_id: Annotated[str, Field(min_length=1, max_length=300)]  # in the form of DELIVERY_ID
    event_id: EventId
    event_type: Ref
    revision: int
    handling: Handling
    sensitivity: int
    origin: Origin
    published_at: Moment
    pack_version: Ref
    synthetic: bool = False
    not_before: Moment | None = None  # held back until then: readers and the gateway show it no earlier


class Withheld(Model):
    """One proposed receiver that a block rule denied."""

    desk: Desk
    rules: list[Ref]  # the block rules that matched
    proposed_by: list[Ref]


#: Outcomes of what follows on a decision made before: an order's deliveries to whoever got one of its targets, a
#: target's to whom a release names, and those of a link or of feedback when it was known whom the events that it is
#: about had reached. They are further lines of an event that has its own already. And the bus's own notices of what
#: is owed, its pointers to owners of what matches, and its questions to originators: nobody published them.
RECALLED, RELEASED, LINKED, NOTICED, POINTED = "recalled", "released", "linked", "noticed", "pointed"
ASKED = "asked"
#: What was found of an event elsewhere, after it was shared, reached somebody more.
ENRICHED = "enriched"
FOLLOWED = frozenset({RECALLED, RELEASED, LINKED, NOTICED, POINTED, ASKED, ENRICHED})


class Decision(Model):
    """One ledger line: what the rules said of one event, or why it went no further.

    ``outcome`` is ``shared`` (at least one receiver besides the origin), ``origin_only``, one of ``FOLLOWED``, or a
    drop code. ``about`` are earlier events that this one is feedback on, an answer to or an outcome of, or that it
    cites; ``said`` is what it says of them, as a code of its type.
    """

    event_id: EventId
    event_type: Ref
    revision: int
    outcome: Ref
    origin: Origin
    input_hash: Ref  # SHA-256 of the event's bytes as decided on
    pack_version: Ref | None = None
    gazetteer_version: Ref | None = None
    receivers: list[Receiver] = []
    withheld: list[Withheld] = []
    concerns: list[EventId] = []  # the ends of a link, joined or parted; what an originator is asked about
    published_at: Moment
    accepted_from: ShortText  # topic:partition:offset of the record as published
    synthetic: bool = False
    replaces: EventId | None = None  # the revision that it takes the place of
    about: list[EventId] = []
    said: Ref | None = None


class QuarantinedProblem(Model):
    """One thing wrong, as stored."""

    code: Ref
    pointer: str
    remedy_sv: str
    remedy_en: str


class QuarantinedHeader(Model):
    """One Kafka header of the original record."""

    name: str
    value: bytes


class Quarantined(Model):
    """A record that intake could not accept, whole, with what is wrong and how to mend it."""

    problems: Annotated[list[QuarantinedProblem], Field(min_length=1)]
    origin: str | None  # desk as proven by the topic's writer, if it was
    event_id: str | None  # where it could be read
    event_type: str | None
    at: Moment  # the record's own time on the intake topic
    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: list[QuarantinedHeader]
    value: bytes


class QuarantineDrop(Model):
    """A quarantined record that its own desk drops: nobody mends or retries it any more. Its time is the log's."""

    partition: int  # place of the quarantined record
    offset: int
    event_id: str | None  # as it stands there: a place of a topic made anew is no longer the same
    by: ShortText  # the desk that published it; operations for what no desk was proven to have published
    reason: ShortText
    steward: Desk | None = None  # the data steward's desk, who did it in the publisher's stead


class QuarantineRetry(Model):
    """A quarantined record that was published again: it waits no more. What became of it then, the bus tells anew."""

    partition: int  # place of the quarantined record
    offset: int
    event_id: str | None  # as it stands there
    by: ShortText  # the desk that published it, or operations
    steward: Desk | None = None  # the data steward's desk, who did it in the publisher's stead
    mended: bool  # with corrections; else as it came
    sent: ShortText  # topic:partition:offset of the new record


#: What a person does with a rule pack. A proposal changes nothing; the other two change what decides from then on.
PackAction = Literal["proposed", "activated", "rolled_back"]


class PackSignature(Model):
    """One person's signed step: who did what with which pack, when and why."""

    action: PackAction
    by: Ref  # a name that the running pack lists under `signers`
    at: Moment
    reason: ShortText
    replaces: Ref | None = None  # the running version that the person looked at; None in a proposal
    signature: bytes  # Ed25519 over the statement (streams/core/share/signing.py)


class PackRecord(Model):
    """One step in the life of a rule pack, on ``rules.packs``: the whole pack and everyone who stands for it.

    The last signature is that of the step itself; an activation carries the proposal's before its own.
    """

    action: PackAction
    version: Ref  # declared version and the beginning of the content's hash, 2026.1+3f2a9c01
    digest: KeyedHash  # SHA-256 of the bundle's content, as hex
    bundle: bytes
    signatures: Annotated[list[PackSignature], Field(min_length=1, max_length=2)]
