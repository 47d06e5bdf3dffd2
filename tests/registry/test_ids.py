"""What a registry said is kept: asked once, known for good, told when it is gone."""

import pytest

from deploy.cluster.ports import free_port
from deploy.registry import RegistryIds, registry_at
from deploy.registry.api import ConfluentApi
from deploy.registry.ids import MISSING_FOR, SILENT_FOR
from deploy.registry.server import RegistryServer
from schemas.codec import Codec
from schemas.problems import RejectCode
from schemas.schema_ids import RegistrySilentError, id_in, shared_names
from streams.engine.framing import Framing
from tests.schemas.test_codec_hostile import code_of
from tests.schemas.wire_values import example

NAME = "drug_seizure"
NOWHERE = 999_999


class Clock:
    """Seconds that pass when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


def framed(schema_id: int) -> bytes:
    """A record under an id."""
    return Codec().encode_confluent(NAME, schema_id, example(NAME))


async def test_what_is_written_under_an_id_is_read_by_who_asks(ids: RegistryIds, registry: RegistryServer) -> None:
    """Writer and reader know only the registry; both forms give the same value."""
    writer, reading = Codec(), registry_at(registry.url)
    reader = Codec(reading.known)
    plain = writer.encode(NAME, example(NAME))
    writer.write_with(await ids.of([NAME]))
    data = writer.encode(NAME, example(NAME))
    assert id_in(data) == (await ids.of([NAME]))[NAME]
    assert code_of(data, reader) is RejectCode.SCHEMA_ID_UNRESOLVED
    await reading.learn([plain, data, None, b""])
    assert reader.decode(data) == reader.decode(plain)
    assert reader.unframed(data) == plain == reader.unframed(plain)


async def test_every_shared_schema_has_an_id(ids: RegistryIds) -> None:
    """Each its own."""
    found = await ids.of(shared_names())
    assert set(found) == set(shared_names())
    assert len(set(found.values())) == len(found)


async def test_an_id_that_stands_for_nothing_is_asked_for_again_later(registry: RegistryServer) -> None:
    """Somebody may register it; until then it is an unknown schema, and the registry is left in peace."""
    clock = Clock()
    ids = RegistryIds(ConfluentApi(registry.url), clock=clock)
    codec = Codec(ids.known)
    await ids.learn([framed(NOWHERE)])
    assert code_of(framed(NOWHERE), codec) is RejectCode.SCHEMA_UNKNOWN
    ids.api = gone()
    await ids.learn([framed(NOWHERE)])  # nobody is asked
    clock.now += MISSING_FOR + 1
    with pytest.raises(RegistrySilentError):
        await ids.learn([])


async def test_a_schema_of_somebody_else_is_unknown(ids: RegistryIds) -> None:
    """A registry can never make us read bytes by a schema that is none of ours."""
    text = '{"type":"record","name":"theirs","fields":[{"name":"event_id","type":"string"}]}'
    schema_id = await ids.api.register("theirs", text)
    await ids.learn([framed(schema_id)])
    assert code_of(framed(schema_id), Codec(ids.known)) is RejectCode.SCHEMA_UNKNOWN


def gone() -> ConfluentApi:
    """A registry that does not answer."""
    return ConfluentApi(f"http://127.0.0.1:{free_port()}")


async def test_what_is_known_goes_on_without_the_registry(ids: RegistryIds) -> None:
    """Only what was never met needs it, and that is told."""
    found = await ids.of([NAME])
    ids.api = gone()
    assert await ids.of([NAME]) == found
    await ids.learn([framed(found[NAME])])
    with pytest.raises(RegistrySilentError, match="cannot be reached"):
        await ids.of(["weapon_seizure"])
    with pytest.raises(RegistrySilentError, match="cannot be reached"):
        await ids.learn([framed(NOWHERE)])


async def test_a_silent_registry_is_asked_again_after_a_while(registry: RegistryServer) -> None:
    """Whoever asks meanwhile is told at once."""
    clock = Clock()
    ids = RegistryIds(gone(), clock=clock)
    with pytest.raises(RegistrySilentError):
        await ids.of([NAME])
    ids.api = ConfluentApi(registry.url)
    with pytest.raises(RegistrySilentError):
        await ids.of([NAME])
    clock.now += SILENT_FOR
    assert await ids.of([NAME])


async def test_a_worker_shares_without_a_registry_that_is_gone(ids: RegistryIds) -> None:
    """Its deliveries go out in single-object encoding meanwhile; with an answer they carry ids."""
    delivery = f"delivery.{NAME}"
    for known, form in ((RegistryIds(gone()), b"\xc3\x01"), (ids, b"\x00")):
        codec = Codec(known.known)
        framing = Framing(codec, known)
        await framing.begin()
        try:
            assert codec.encode(delivery, example(delivery)).startswith(form)
        finally:
            await framing.end()


@pytest.mark.parametrize("url", ["", "registry", "ftp://127.0.0.1/", "http://", "http://[::1"])
def test_what_is_no_url_is_refused(url: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ValueError, match="URL"):
        registry_at(url)
