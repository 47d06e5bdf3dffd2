"""The generator: valid events, the same for the same seed, a truth without contradictions, no code of the matcher."""

import ast
from collections import Counter
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import pytest

from schemas.gazetteer import load_gazetteer
from schemas.validation import validate
from tests.quality.labels import Corpus, Truth
from tests.quality.making import SCENES, Scene, made
from tests.quality.scoring import together
from tests.quality.world import World

#: What runs the bus or tells of its results, and so may import it; everything else makes the corpus.
_NOT_OF_THE_GENERATOR = {"matching.py", "scoring.py", "page.py", "real_notices.py", "__main__.py"}


@lru_cache(maxsize=1)
def month() -> Corpus:
    """A small corpus."""
    return made(1500, 7)


def test_every_telling_is_an_event_by_the_schemas_and_marked_as_made_up() -> None:
    """Units' desks publish it, and intake would let it in."""
    for telling in month().tellings:
        assert not isinstance(validate(telling.body["event_type"], telling.body), tuple), telling.body
        assert telling.body["synthetic"] is True


def test_the_same_seed_makes_the_same_corpus_and_another_seed_another() -> None:
    """So that a miss can be looked at again."""
    assert made(300, 3) == made(300, 3)
    assert made(300, 3).tellings != made(300, 4).tellings


@pytest.mark.parametrize(
    "scene", [scene for scene, _ in SCENES], ids=lambda scene: f"{scene.__module__}.{scene.__name__}"
)
def test_a_scene_tells_of_its_own_tellings_alone(scene: Scene) -> None:
    """Its pairs are of its matters, each pair once, and revisions name a telling of the same desk and type."""
    world = World(11, load_gazetteer())
    batches = [scene(world) for _ in range(20)]
    assert any(batch.tellings for batch in batches)
    for batch in batches:
        matters = {telling.matter for telling in batch.tellings}
        assert all(pair.ends <= matters and len(pair.ends) == 2 for pair in batch.pairs)
        assert len({pair.ends for pair in batch.pairs}) == len(batch.pairs)
        first = {telling.event_id: telling for telling in batch.tellings}
        for telling in batch.tellings:
            if telling.revises is not None:
                assert telling.desk == first[telling.revises].desk
                assert telling.body["event_type"] == first[telling.revises].body["event_type"]


def test_what_belongs_on_one_card_belongs_together_in_every_pair() -> None:
    """The truth is one of real events: no chain of joins leads to a pair that is none."""
    true = {ends for ends, pair in month().pairs.items() if pair.truth.joins}
    assert together(true) == true


def test_lookalikes_are_there_in_numbers() -> None:
    """Of every type that joins, there are pairs that belong together and matters that belong to nothing."""
    corpus = month()
    paired = {matter for ends in corpus.pairs for matter in ends}
    joined = Counter(corpus.types[min(ends)] for ends, pair in corpus.pairs.items() if pair.truth is not Truth.RELATED)
    alone = Counter(corpus.types[matter] for matter in corpus.types if matter not in paired)
    for name in ("violence_incident", "drug_seizure", "intelligence_report", "public_notice", "open_drug_scene"):
        assert joined[name] >= 5, name
        assert alone[name] >= 5, name


def test_a_report_of_a_place_is_off_by_about_what_it_states() -> None:
    """Most stated accuracies hold, some are too good, and a few places are those of another street."""
    world = World(5, load_gazetteer())
    place, off = world.place(), []
    for _ in range(400):
        geo = world.geo(place, 100)
        off.append(place.metres_to(place._replace(lon=float(geo["lon"]), lat=float(geo["lat"]))))
    within = sum(metres <= 100.5 for metres in off)
    assert 365 <= within < 400
    assert sum(metres > 151 for metres in off) <= 12


def test_the_generator_shares_no_code_with_the_matcher() -> None:
    """Its files import nothing of ``streams``: what it thinks alike was thought twice."""
    known = {"schemas", "tests.quality"}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name in _NOT_OF_THE_GENERATOR or path.name.startswith("test_"):
            continue
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        ours = {module for module in modules if module.split(".")[0] in ("schemas", "streams", "consumers", "tests")}
        assert {module for module in ours if not module.startswith(tuple(known))} == set(), path.name
        assert "tests.quality.matching" not in ours, path.name


def test_pairs_of_any_two_on_a_card_are_made_of_joins() -> None:
    """Three tellings joined in a row are three pairs."""
    chain = [frozenset("ab"), frozenset("bc"), frozenset("xy")]
    assert together(chain) == {frozenset(pair) for pair in (*combinations("abc", 2), "xy")}
