"""The known events of the recovery: what they must come to, on lanes without Kafka."""

from collections import Counter

from tests.bench.known import Known
from tests.streams.engine.errand_lanes import errand_lanes, found
from tests.streams.engine.lanes import Lanes
from tests.streams.engine.test_link_step import links
from tests.streams.engine.test_orders import published_by


def test_each_place_has_its_links_and_its_context_and_none_of_another() -> None:
    """One shooting told twice, one car seized twice; a cluster of two, and violence near the weapon."""
    known = Known(3)
    linking, asking = Lanes(4, linking=True), errand_lanes(4)
    for lanes in (linking, asking):
        published_by(lanes, *known._before, *known._after)
        assert lanes.refused() == []
    told = Counter(str(link["payload"]["relation"]) for link in links(linking))
    assert told == {"duplicate": 3, "related": 3}
    enriched = [enrichment for body, _ in known._after if (enrichment := found(asking, body))]
    clusters = [each["cluster"] for each in enriched if each["cluster"]]
    assert clusters == [{"count_7d_50km": 2}] * 3
    assert [each["violence_count_14d_2km"] for each in enriched].count(1) == 3
    assert len(enriched) == 9
