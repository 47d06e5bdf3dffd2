"""Whether a view shows references: every one that is compared, and none that a transform changes."""

from dataclasses import replace

from schemas.catalogue import EVENT_TYPES
from streams.core.link.refs import Tokens, references_of
from streams.core.share.seeing import BLINDING, HARMLESS, REFERENCES, sees, shows_references
from streams.core.share.transforms import TRANSFORMS
from streams.core.share.viewbook import type_view_name
from streams.core.share.views import own_view, project
from tests.streams.core.made import KEYS, example, native
from tests.streams.core.share.packs import PACK

#: Transforms that take references away from some events.
_DEPENDING = {
    "no_user_identities",
    "no_retail_user_data",
    "pseudonymous_persons",
    "drop_18_kap_marked_fields_without_release",
    "drop_register_data",
    "fiu_extract_only",
    "respect_use_conditions",
}


def test_every_transform_that_changes_values_is_known_here() -> None:
    """One that is added later hides references until somebody has looked at it."""
    changing = {name for name, transform in TRANSFORMS.items() if transform.change is not None}
    assert changing - HARMLESS - BLINDING == _DEPENDING


def test_whoever_sees_references_sees_every_one_that_is_compared() -> None:
    """Each example, through its type view: what a view that shows references leaves out is compared nowhere."""
    seen = 0
    for event_type in EVENT_TYPES:
        event = native(example(event_type))
        for view in (own_view(event_type), PACK.views.through(type_view_name(event_type), event_type)):
            if view is None or not shows_references(view):
                continue
            seen += 1
            shown = project(event, view) | {"published_at": event["reported_at"]}
            shown["sensitivity"] = event["sensitivity"]
            shown["legal_origin"] = event["legal_origin"]
            assert set(references_of(shown)) == set(references_of(event)), event_type
            assert Tokens(KEYS).of(shown) == Tokens(KEYS).of(event | {"published_at": event["reported_at"]})
    assert seen > len(EVENT_TYPES)


def test_a_view_that_hides_one_kind_of_reference_shows_none() -> None:
    """Take any leaf away, and the link that rests on it must not be told."""
    for leaf in REFERENCES:
        event_type = next(name for name in EVENT_TYPES if leaf in own_view(name).fields)
        whole = own_view(event_type)
        assert shows_references(whole)
        assert not shows_references(replace(whole, fields=whole.fields - {leaf})), leaf


def test_a_view_that_leaves_out_some_people_depends_on_the_event() -> None:
    """The national chain sees the same car under wholesale, and not where the trade meets its buyers."""
    names = ("type.drug_seizure", "no_retail_user_data", "pseudonymous_persons")
    view = PACK.views.again(names, "drug_seizure")
    assert view is not None
    assert shows_references(view) is None
    event = native(example("drug_seizure")) | {"objects": [{"kind": "vehicle", "ref": "c0" * 32}], "actor_role": None}
    assert sees(event | {"chain_stage": "wholesale"}, view)
    assert not sees(event | {"chain_stage": "retail"}, view)
    alone = PACK.views.again(("type.drug_seizure", "pseudonyms_unless_same_case"), "drug_seizure")
    assert alone is not None
    assert not sees(event, alone)
