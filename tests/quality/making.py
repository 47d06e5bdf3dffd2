"""The mixture: how often each scene of real life happens in a corpus."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

from schemas.gazetteer import load_gazetteer
from tests.quality import harm, money, notices, places, reports, seizures, violence
from tests.quality.labels import Batch, Corpus, corpus
from tests.quality.world import MONTH, World

Scene = Callable[[World], Batch]

#: Scenes and their weights. About a third of all scenes are lookalikes: what is not the same, and seems so.
SCENES: Final[tuple[tuple[Scene, float], ...]] = (
    (violence.incident, 9),
    (violence.lookalike, 5),
    (violence.twice_at_once, 0.05),
    (violence.corrected, 0.6),
    (seizures.single, 9),
    (seizures.joint, 2),
    (seizures.told_twice, 2),
    (seizures.street_row, 4),
    (seizures.customs_line, 2),
    (seizures.weapon_again, 1),
    (seizures.weapon_alike, 1),
    (seizures.weapon_lot, 0.5),
    (places.two_observers, 5),
    (places.one_observer, 4),
    (places.alike, 4),
    (places.car_later, 2),
    (places.scene, 2),
    (places.scenes_apart, 2),
    (reports.told_again, 4),
    (reports.echo_chain, 4),
    (reports.filed_twice, 0.2),
    (reports.two_in_one, 0.4),
    (reports.two_sources, 3),
    (reports.follow_ups, 3),
    (reports.forms, 1),
    (reports.summary, 0.4),
    (reports.observed_and_told, 2),
    (reports.foreign, 2),
    (harm.one_victim, 2),
    (harm.two_victims, 1.5),
    (harm.alerts, 1.5),
    (money.one_payment, 2),
    (money.disseminated_twice, 1),
    (money.standing, 1.5),
    (money.wallets, 1),
    (money.crawled, 3),
    (money.market_stall, 1.5),
    (money.handles, 1),
    (notices.across_the_border, 1.5),
    (notices.twice, 1),
    (notices.one_day, 3),
    (notices.forms, 0.7),
    (notices.two_county_pages, 0.5),
    (notices.stock_phrases, 1),
)


#: So many a day make some 900 shootings, explosions, stabbings, fires and threats a month in the country, half of them
#: at the same few places of a district: no less dense than in real life.
EVENTS_A_DAY: Final = 300


def made(events: int, seed: int) -> Corpus:
    """A corpus of about so many events, at least a month. The same seed gives the same corpus, byte for byte."""
    world = World(seed, load_gazetteer(), max(MONTH, events // EVENTS_A_DAY))
    return corpus(_scenes(world, events))


def crowded(events: int, days: int) -> Iterator[Corpus]:
    """Corpora of about so many events without end, all of the same days and of the same busy places."""
    first = World(0, load_gazetteer(), days)
    for seed in count(1):
        yield corpus(_scenes(World(seed, load_gazetteer(), days, first), events))


def _scenes(world: World, events: int) -> Iterator[Batch]:
    told = 0
    while told < events:
        batch = world.pick(SCENES)(world)
        told += len(batch.tellings)
        yield batch
