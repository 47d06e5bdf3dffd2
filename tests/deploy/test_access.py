"""Who may do what, as the catalogue says it: the users, their lines, and what is told of a cluster that differs."""

import pytest

from deploy.access import Acl, Operation, Pattern, Resource, covers, is_ours, users, wanted
from deploy.acls import Action, differences
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue

UNIT, DESK = "se.stockholm", "se.syd/it_crime"
TOPICS = catalogue(load_gazetteer(), 4, [UNIT], [DESK])
LINES = wanted(TOPICS, "sambus")


def of(user: str, operation: Operation) -> set[str]:
    """The topics on which a user may do something."""
    return {
        acl.name
        for acl in LINES
        if (acl.user, acl.resource, acl.operation) == (f"User:{user}", Resource.TOPIC, operation)
    }


def test_each_gateway_and_archiver_reads_the_deliveries_of_its_area_only() -> None:
    """And the archiver nothing else, and writes nothing."""
    for topic in TOPICS:
        if topic.name.startswith("deliver."):
            area = topic.name.removeprefix("deliver.")
            readers = {user for user in users(LINES) if topic.name in of(user, Operation.READ)}
            assert readers == {f"gateway.{area}", f"archiver.{area}"}
            assert of(f"archiver.{area}", Operation.READ) == {topic.name}
            assert of(f"archiver.{area}", Operation.WRITE) == set()


def test_a_unit_writes_its_topic_and_a_desk_reads_its_two() -> None:
    """Neither anything else: no other unit's topic, no event of others, no ledger."""
    own = {f"in.{UNIT}", f"in.flash.{UNIT}"}
    assert (of(f"unit.{UNIT}", Operation.WRITE), of(f"unit.{UNIT}", Operation.READ)) == (own, set())
    own = {"desk.se.syd.it_crime", "receipts.se.syd.it_crime"}
    assert (of("desk.se.syd.it_crime", Operation.READ), of("desk.se.syd.it_crime", Operation.WRITE)) == (own, set())
    assert [u for u in users(LINES) if "desk.se.syd.it_crime" in of(u, Operation.READ)] == ["desk.se.syd.it_crime"]


def test_only_units_and_gateways_write_what_comes_in_and_only_workers_what_goes_out() -> None:
    """Nobody who reads deliveries can make one; nobody within the bus can pretend to be a unit."""
    for topic in TOPICS:
        writers = {user for user in users(LINES) if topic.name in of(user, Operation.WRITE)}
        if topic.name.startswith(("deliver.", "desk.", "receipts", "events.", "ledger.", "state.")):
            assert writers == {"worker"}, topic.name
        if topic.name.startswith("in."):
            assert "worker" not in writers, topic.name
            assert writers, topic.name


def test_nobody_may_more_than_read_write_and_describe() -> None:
    """No line lets create, delete or change topics, or ACLs; none is about the cluster; none is for everybody."""
    allowed = {Operation.READ, Operation.WRITE, Operation.DESCRIBE}
    assert {acl.operation for acl in LINES} == allowed
    assert Resource.CLUSTER not in {acl.resource for acl in LINES}
    assert not any(acl.name == "*" or acl.user == "User:*" or not acl.allow for acl in LINES)


def test_workers_have_their_group_and_their_transactional_ids() -> None:
    """By the group's name; no other user has a transactional id, and a desk may keep its place under its own name."""
    others = {(a.user, a.resource, a.name, a.pattern) for a in LINES if a.resource is not Resource.TOPIC}
    desk = "desk.se.syd.it_crime"
    assert others == {
        ("User:worker", Resource.GROUP, "sambus", Pattern.LITERAL),
        ("User:worker", Resource.TRANSACTIONAL_ID, "sambus-", Pattern.PREFIXED),
        ("User:monitor", Resource.GROUP, "sambus", Pattern.LITERAL),
        (f"User:{desk}", Resource.GROUP, desk, Pattern.PREFIXED),
    }


def test_one_gateway_for_all_areas_has_what_each_would_have() -> None:
    """The users of single areas are not there then."""
    one = wanted(TOPICS, "sambus", one_gateway=True)
    assert {user for user in users(one) if user.startswith(("gateway.", "archiver."))} == {
        "gateway.all",
        "archiver.all",
    }
    each = {(acl.name, acl.operation) for acl in LINES if acl.user.startswith("User:gateway.")}
    assert {(acl.name, acl.operation) for acl in one if acl.user == "User:gateway.all"} == each


FOREIGN = Acl("User:stranger", Resource.TOPIC, "deliver.stockholm", Operation.READ)


@pytest.mark.parametrize(
    "acl",
    [
        FOREIGN,
        FOREIGN._replace(user="User:*"),
        FOREIGN._replace(name="*"),
        FOREIGN._replace(name="deliver.", pattern=Pattern.PREFIXED),
        FOREIGN._replace(allow=False),
        FOREIGN._replace(resource=Resource.TRANSACTIONAL_ID, name="sambus-3", operation=Operation.WRITE),
        FOREIGN._replace(resource=Resource.CLUSTER, name="kafka-cluster", operation=Operation.ALTER),
    ],
    ids=lambda acl: f"{acl.user} {acl.resource.name} {acl.name}",
)
def test_a_stranger_on_the_bus_is_told_and_not_ours_to_remove(acl: Acl) -> None:
    """By the topic's name, a prefix, a star, or over the cluster itself; trusted ones are passed by."""
    (change,) = differences(LINES, [*LINES, acl])
    assert (change.acl, change.action, change.open) == (acl, Action.FOREIGN, True)
    assert differences(LINES, [*LINES, acl], [acl.user.removeprefix("User:")]) == []


def test_an_acl_on_something_else_is_nobodys_business_here() -> None:
    """Other systems may share the cluster."""
    other = FOREIGN._replace(name="invoices")
    assert not covers(other, LINES)
    assert differences(LINES, [*LINES, other]) == []


def test_what_the_catalogue_no_longer_has_is_ours_to_remove() -> None:
    """A unit that lost its own access; a gateway that was given too much."""
    extra = [
        Acl("User:unit.se.syd", Resource.TOPIC, "in.se.syd", Operation.WRITE),
        Acl("User:gateway.syd", Resource.TOPIC, "deliver.stockholm", Operation.READ),
    ]
    assert [(change.acl, change.action) for change in differences(LINES, [*LINES, *extra])] == [
        (acl, Action.REMOVE) for acl in sorted(extra)
    ]


def test_on_an_empty_cluster_everything_is_missing_once() -> None:
    """Each line is there once."""
    changes = differences(LINES, [])
    assert [change.acl for change in changes] == list(LINES)
    assert len(set(LINES)) == len(LINES)
    assert {change.action for change in changes} == {Action.ADD}


@pytest.mark.parametrize(
    ("user", "ours"),
    [
        ("User:worker", True),
        ("User:gateway.syd", True),
        ("User:unit.se.syd", True),
        ("User:workers", False),
        ("User:admin", False),
        ("User:*", False),
        ("Group:worker", False),
    ],
)
def test_whose_a_user_is(user: str, *, ours: bool) -> None:
    """By its whole name, so that nobody's rights are taken away for a likeness."""
    assert is_ours(user) == ours
