"""Pushing schemas to a real registry: once, with every difference told and nothing deleted."""

import asyncio
import copy
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli.main import main
from deploy.cluster.ports import free_port
from deploy.registry.api import FULL_TRANSITIVE, ConfluentApi, RefusedError
from deploy.registry.push import Told, push, text_of
from deploy.registry.server import RegistryServer
from schemas.registry import load_released
from schemas.schema_ids import RegistrySilentError, shared_names, subject_of

NAME = "substance_alert"


@pytest.fixture
def api(registry: RegistryServer) -> ConfluentApi:
    """The registry's API."""
    return ConfluentApi(registry.url)


def of(told: list[Told], name: str = NAME) -> list[tuple[str, int]]:
    """What was told of one schema."""
    return [(each.state, each.number) for each in told if each.name == name]


def sambus(*arguments: str) -> tuple[int, str]:
    """The exit code of ``sambus schemas push``, and what it says."""
    done = CliRunner().invoke(main, ["schemas", "push", *arguments], env={"COLUMNS": "200"})
    return done.exit_code, done.output


async def test_everything_is_there_under_the_strictest_rule(api: ConfluentApi) -> None:
    """Every event type and every delivery, each under its record's name and its own FULL_TRANSITIVE."""
    async with api.connected() as opened:
        for name in shared_names():
            assert await opened.numbers(subject_of(name)), name
            assert await opened.compatibility(subject_of(name)) == FULL_TRANSITIVE


async def test_pushing_again_does_nothing(api: ConfluentApi) -> None:
    """All that the registry's start has pushed is kept."""
    told = await push(api, load_released())
    assert {each.state for each in told} == {"kept"}
    assert len(told) == sum(len(load_released()[name]) for name in shared_names())


async def test_a_schema_that_breaks_somebody_is_refused(api: ConfluentApi) -> None:
    """The registry holds the rule of ``sambus schemas check``: a new field without a default breaks old writers."""
    broken = copy.deepcopy(load_released()[NAME][1])
    broken["fields"].append({"name": "must", "type": "string"})
    told = await push(api, {NAME: {1: load_released()[NAME][1], 2: broken}})
    assert of(told) == [("kept", 1), ("refused", 2)]
    assert await api.numbers(subject_of(NAME)) == [1]


async def test_other_descriptions_are_a_dry_difference(api: ConfluentApi) -> None:
    """The same schema described otherwise would be registered as the newest; dry, nothing is written."""
    retold = copy.deepcopy(load_released()[NAME][1])
    retold["doc"] = "Told otherwise."
    assert of(await push(api, {NAME: {1: retold}}, dry=True)) == [("described", 1)]
    assert await api.numbers(subject_of(NAME)) == [1]


async def test_a_version_that_is_none_of_ours_is_told(api: ConfluentApi) -> None:
    """Somebody else registered it under our subject; it is left alone."""
    name = "weapon_seizure"
    foreign = copy.deepcopy(load_released()[name][1])
    foreign["fields"].append({"name": "theirs", "type": "string", "default": ""})
    await api.register(subject_of(name), text_of(foreign))
    told = await push(api, load_released(), dry=True)
    assert of(told, name) == [("kept", 1), ("foreign", 2)]
    code, said = await asyncio.to_thread(sambus, "--registry", api.address, "--dry-run")
    assert code == 1
    assert f"DIFFERS     {name}: the registry's version 2" in said


async def test_a_subject_with_a_looser_rule_gets_its_own_again(api: ConfluentApi) -> None:
    """Told, and put right."""
    name = "citizen_promise"
    await api.set_compatibility(subject_of(name), "NONE")
    assert Told(name, 0, "rule", what="NONE") in await push(api, load_released())
    assert await api.compatibility(subject_of(name)) == FULL_TRANSITIVE


async def test_the_registry_itself_refuses_what_breaks(api: ConfluentApi) -> None:
    """Whoever pushes it."""
    broken: dict[str, Any] = copy.deepcopy(load_released()[NAME][1])
    del broken["fields"][0]
    broken["fields"].append({"name": "must", "type": "string"})
    with pytest.raises(RefusedError, match=r"Incompatible"):
        await api.register(subject_of(NAME), text_of(broken))


def test_push_needs_a_registry_that_answers() -> None:
    """Wrong use is 2, nobody there is 3."""
    assert sambus()[0] == 2
    assert sambus("--registry", "registry.example")[0] == 2
    code, said = sambus("--registry", f"http://somebody:secret@127.0.0.1:{free_port()}")
    assert code == 3
    assert "cannot be reached" in said
    assert "secret" not in said


async def test_a_registry_that_is_gone_is_told() -> None:
    """With its address, without what is secret in it."""
    gone = ConfluentApi(f"http://somebody:secret@127.0.0.1:{free_port()}/api/")
    with pytest.raises(RegistrySilentError, match=r"http://127\.0\.0\.1:[0-9]+/api cannot be reached") as told:
        await push(gone, load_released())
    assert "secret" not in str(told.value)
