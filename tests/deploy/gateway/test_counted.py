"""What the gateway counts of its answers: templates, codes and numbers, and nothing of what was asked."""

from pathlib import Path

from deploy.gateway.app import Gateway
from schemas.figures import Figure, Spread
from tests.gateway import DESK, in_process

NOWHERE = {"bootstrap_servers": "127.0.0.1:1"}


def _told(gateway: Gateway) -> dict[str, dict[tuple[str, ...], float]]:
    told: dict[str, dict[tuple[str, ...], float]] = {}
    for shown in gateway.figures():
        value = shown.value if isinstance(shown, Figure) else sum(shown.counts)
        told.setdefault(shown.metric.name, {})[shown.labels] = value
    return told


async def test_an_answer_counts_under_its_routes_template(tmp_path: Path) -> None:
    """A path may hold what somebody asked; the template does not. What no route takes has none."""
    async with in_process(NOWHERE, tmp_path) as running, running.client() as client:
        await client.get("/healthz")
        await client.get("/v1/subscriptions/mine/cards/person-19121212-1212")
        await client.get("/no/such/place-19121212")
        await client.request("BREW", "/healthz")
        told = _told(running.gateway)
    answers = told["sambus_http_requests_total"]
    assert answers["GET", "/healthz", "200"] == 1
    assert answers["GET", "none", "404"] == 1
    assert answers["other", "/healthz", "405"] == 1
    assert any(route == "/v1/subscriptions/{subscription}/cards/{event_id}" for _, route, _ in answers), answers
    assert not [labels for figures in told.values() for labels in figures if "19121212" in "".join(labels)]
    assert sum(told["sambus_http_answer_seconds"].values()) == sum(answers.values())


async def test_a_refusal_counts_by_its_code(tmp_path: Path) -> None:
    """Also one of the short way, which no router sees."""
    async with in_process(NOWHERE, tmp_path) as running:
        async with running.client(None) as nobody:
            await nobody.post("/v1/events", json={})
            await nobody.get("/v1/operations/readers")
        async with running.client(DESK) as client:
            await client.post("/v1/events", content=b"<xml/>", headers={"content-type": "text/xml"})
        told = _told(running.gateway)
    assert told["sambus_http_refused_requests_total"] == {("UNAUTHENTICATED",): 2, ("MEDIA_TYPE_UNKNOWN",): 1}
    assert told["sambus_http_requests_total"]["POST", "/v1/events", "401"] == 1
    assert told["sambus_http_requests_total"]["POST", "/v1/events", "415"] == 1


async def test_events_count_by_what_became_of_them(tmp_path: Path) -> None:
    """Those that are refused by their first code; a bus that is away leaves them unconfirmed."""
    async with in_process(NOWHERE, tmp_path) as running, running.client() as client:
        await client.post("/v1/events", json=[{"event_type": "drug_seizure"}, {"event_type": "nothing"}, 5])
        told = _told(running.gateway)
    assert told["sambus_intake_events_total"] == {("rejected",): 3}
    assert sum(told["sambus_intake_rejected_events_total"].values()) == 3
    assert ("SCHEMA_UNKNOWN",) in told["sambus_intake_rejected_events_total"]


async def test_a_gateway_without_kafka_still_tells_its_figures(tmp_path: Path) -> None:
    """What it cannot know is not there; nothing is told twice."""
    async with in_process(NOWHERE, tmp_path) as running, running.client() as client:
        await client.get("/healthz")
        shown = running.gateway.figures()
    assert "sambus_readers" not in {each.metric.name for each in shown}
    named = [(each.metric.name, each.labels) for each in shown]
    assert len(named) == len(set(named))
    assert any(isinstance(each, Spread) for each in shown)
