"""What a mirror copies and may do: the area's deliveries, and nothing of others."""

import pytest
from click.testing import CliRunner

from deploy.access import Acl, Operation, Resource
from deploy.acls import Action, differences
from deploy.cli.main import main
from deploy.cluster.jars import kafka_version, read_lock
from deploy.mirror.access import at_source, at_target
from deploy.mirror.process import LOCK_FILE
from deploy.mirror.settings import End, mirrored, settings
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue, delivery_areas

DESK = "se.syd/it_crime"
TOPICS = catalogue(load_gazetteer(), own_access_desks=[DESK, "se.nord/intelligence"])


@pytest.mark.parametrize("area", delivery_areas(load_gazetteer()))
def test_an_area_gets_its_deliveries_and_those_of_no_other(area: str) -> None:
    """Both lanes of its own; partners have no flash lane."""
    flash = () if area == "partners" else (f"alert.flash.{area}",)
    assert mirrored(TOPICS, area) == (f"deliver.{area}", *flash)


def test_a_desk_with_a_topic_of_its_own_gets_that_too() -> None:
    """What was delivered to it, and what became of its own events; no other desk's."""
    assert mirrored(TOPICS, "syd", [DESK]) == (
        "deliver.syd",
        "alert.flash.syd",
        "desk.se.syd.it_crime",
        "receipts.se.syd.it_crime",
    )


def test_the_names_are_taken_literally() -> None:
    """A dot in a pattern stands for any letter: `deliver.syd` must not let `deliver-syd` through."""
    made = settings("syd", mirrored(TOPICS, "syd"), End("a:1"), End("b:1"))
    assert made["country->syd.topics"] == "deliver[.]syd,alert[.]flash[.]syd"


def test_without_tls_nothing_is_said_of_users_and_with_it_no_password() -> None:
    """Each end by itself."""
    made = settings("syd", ["deliver.syd"], End("a:1"), End("b:1", "ca.pem"))
    assert [name for name in made if name.startswith("country.s")] == []
    assert made["syd.security.protocol"] == "SASL_SSL"
    assert made["syd.sasl.jaas.config"].endswith(
        'required username="mirror.syd" password="${env:SAMBUS_MIRROR_TARGET_PASSWORD}";'
    )


def test_at_the_source_a_mirror_reads_and_does_nothing_else() -> None:
    """Nor does it write any topic of the bus at its own end but what it copies."""
    names = mirrored(TOPICS, "syd")
    assert {(acl.name, acl.operation) for acl in at_source("syd", names)} == {(name, Operation.READ) for name in names}
    written = {acl.name for acl in at_target("syd", names) if acl.operation is Operation.WRITE}
    assert written & {topic.name for topic in TOPICS} == set(names)


def test_the_catalogue_takes_a_mirrors_user_for_a_stranger_that_may_be_trusted() -> None:
    """`sambus acls apply --remove` leaves it alone, and `plan` is quiet once it is named."""
    ours = [Acl("User:gateway.syd", Resource.TOPIC, "deliver.syd", Operation.READ)]
    theirs = at_source("syd", ["deliver.syd"])
    assert [change.action for change in differences(ours, [*ours, *theirs])] == [Action.FOREIGN]
    assert differences(ours, [*ours, *theirs], ["mirror.syd"]) == []


def test_mirrormaker_is_of_the_same_kafka_and_brings_no_jar_twice() -> None:
    """Two versions of one jar on a class path are whichever comes first."""
    brokers, own = read_lock(), read_lock(LOCK_FILE)
    version = kafka_version(brokers)
    assert {jar.version for jar in own if jar.group == "org.apache.kafka"} == {version}
    assert "connect-mirror" in {jar.artifact for jar in own}
    assert {(jar.group, jar.artifact) for jar in own}.isdisjoint((jar.group, jar.artifact) for jar in brokers)


def test_an_area_that_is_none_is_wrong_use() -> None:
    """A misspelt one would copy nothing, and say nothing of it."""
    words = ["mirror", "settings", "sid", "--from", "a:1", "--to", "b:1"]
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 2
    assert "nothing is delivered to sid" in refused.stderr
