"""The cases beside the settings of pictures pass, and hold every setting in place."""

from typing import Any

import pytest

from streams.core.picture.cases import PictureCase, faults, read_cases, verify_pictures
from streams.core.picture.settings import PictureSettings
from tests.streams.core.made import REFERENCE
from tests.streams.core.picture.made import SETTINGS


def test_every_case_passes_and_every_setting_is_held() -> None:
    """As ``sambus rules check`` tells it."""
    assert [str(problem) for problem in verify_pictures(REFERENCE, SETTINGS)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"expect": {"se": {"violence": [2, 0]}}},
        {"draft": "open"},
        {"reports": [{"of": "violence_incident/none"}]},
    ],
)
def test_a_case_that_says_otherwise_fails(change: dict[str, Any]) -> None:
    """A figure, a draft, and a report that there is not."""
    shooting = {"of": "violence_incident/shooting-in-norrkoping", "hours_before": 25}
    case = PictureCase.model_validate({"name": "made for this test", "reports": [shooting]} | change)
    assert len(list(faults(case, SETTINGS, REFERENCE))) == 1


def test_a_setting_that_no_case_holds_is_told() -> None:
    """Another lateness than the cases know of fails them."""
    longer = PictureSettings.model_validate(SETTINGS.model_dump() | {"lateness": SETTINGS.lateness * 10})
    assert len(read_cases()) > 20
    assert list(verify_pictures(REFERENCE, longer)) != []
