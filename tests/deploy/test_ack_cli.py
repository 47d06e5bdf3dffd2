"""``sambus ack``: what is published for each choice, and what is refused before anything is sent."""

import pytest

from consumers.saying import receipt
from schemas.events.duties import ReceiptKind
from schemas.validation import validate
from tests.deploy.cli_bus import sambus

DESK = "se.stockholm.stockholm-nord/intelligence"
DELIVERY = f"01a1bef3-ef60-761b-b93e-2ae10202a6ec:1:{DESK}:main"
NOWHERE = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((DELIVERY.partition(":")[0],), "no delivery id"),
        ((DELIVERY, "--decline"), "needs --reason"),
        ((DELIVERY, "--accept", "--done", "triage_within_5d"), "Choose one"),
        ((DELIVERY.replace("stockholm-nord", "stockholm-syd"),), "another desk's"),
    ],
)
def test_what_no_desk_can_say_is_wrong_use(arguments: tuple[str, ...], says: str) -> None:
    """Told at once, without a bus."""
    result = sambus(NOWHERE, "ack", *arguments, "--as", DESK)
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ReceiptKind.ACKNOWLEDGED, {}),
        (ReceiptKind.DECLINED, {"reason": "Inga resurser."}),
        (ReceiptKind.DONE, {"obligation": "triage_within_5d"}),
    ],
)
def test_what_it_publishes_is_a_receipt(kind: ReceiptKind, said: dict[str, str]) -> None:
    """Derived from the event that it is about."""
    event = validate("receipt", receipt(DELIVERY, kind, **said, synthetic=True))
    assert not isinstance(event, tuple)
    assert event.provenance.derived_from == [DELIVERY.partition(":")[0]]
