"""The verdict on a measurement, each reason shown to be given and not given."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consumers.health import Limits, Measured, PartitionLag, Stage, Worker, evaluate, stage_of
from schemas.alarms import ALARMS, AlarmCode

NOW = datetime(2026, 7, 8, 12, 0, tzinfo=UTC)
LIMIT_LAG, LIMIT_OPEN = NOW - timedelta(seconds=20), NOW - timedelta(seconds=60)
TOO_LONG_OPEN = NOW - timedelta(seconds=61)
WELL = Measured(
    at=NOW,
    lags=[
        PartitionLag("events.assessed", 0, 0, exact=True, oldest=None),
        PartitionLag("in.gateway", 0, 3, exact=True, oldest=NOW - timedelta(seconds=2)),
        PartitionLag("in.gateway", 1, 4, exact=True, oldest=NOW - timedelta(seconds=5)),
        PartitionLag("events.accepted", 0, 0, exact=True, oldest=None),
    ],
    last_minute={"in.gateway": 90},
    workers=[Worker("w1", "127.0.0.1")],
    group_state="Stable",
    quarantined={"AREA_UNKNOWN": 2},
    missing_topics=[],
)


def test_a_bus_that_keeps_up_is_well() -> None:
    """Sources come in the order of the flow; lag is the oldest unread record's age."""
    health = evaluate(WELL, Limits())
    assert health.healthy
    assert [(s.stage, s.topic, s.unread, s.lag_seconds, s.per_second) for s in health.sources] == [
        (Stage.INTAKE, "in.gateway", 7, 5.0, 1.5),
        (Stage.ASSESS, "events.accepted", 0, 0.0, 0.0),
        (Stage.SHARE, "events.assessed", 0, 0.0, 0.0),
    ]


@pytest.mark.parametrize(
    ("measured", "code", "where"),
    [
        (replace(WELL, workers=[], group_state="Dead"), AlarmCode.NO_WORKER, "Dead"),
        (replace(WELL, missing_topics=["quarantine"]), AlarmCode.TOPIC_MISSING, "quarantine"),
        (replace(WELL, quarantined={"UNREADABLE": 80, "TOO_LARGE": 21}), AlarmCode.MUCH_QUARANTINED, "quarantine"),
        (
            replace(WELL, lags=[PartitionLag("in.gateway", 0, 9, exact=False, oldest=NOW - timedelta(seconds=21))]),
            AlarmCode.LATE,
            "in.gateway",
        ),
        (
            replace(WELL, lags=[PartitionLag("in.flash", 1, 1, exact=True, oldest=NOW - timedelta(seconds=6))]),
            AlarmCode.FLASH_LATE,
            "in.flash",
        ),
        (
            replace(
                WELL,
                lags=[
                    PartitionLag(
                        "events.accepted", 2, 0, exact=True, oldest=None, open_since=NOW - timedelta(seconds=61)
                    )
                ],
            ),
            AlarmCode.TRANSACTION_STUCK,
            "events.accepted:2",
        ),
    ],
)
def test_each_reason_is_given_with_its_place(measured: Measured, code: AlarmCode, where: str) -> None:
    """One thing wrong, one reason."""
    health = evaluate(measured, Limits())
    assert [(reason.code, reason.where) for reason in health.reasons] == [(code, where)]
    assert not health.healthy
    assert ALARMS[code].remedy_sv


def test_limits_are_met_up_to_their_end() -> None:
    """Exactly at a limit is still well."""
    edge = replace(
        WELL,
        lags=[
            PartitionLag(
                "in.gateway",
                0,
                9,
                exact=True,
                oldest=NOW - timedelta(seconds=20),
                open_since=NOW - timedelta(seconds=60),
            )
        ],
        quarantined={"UNREADABLE": 100},
    )
    assert evaluate(edge, Limits()).healthy


def test_a_clock_that_runs_ahead_gives_no_negative_lag() -> None:
    """The broker's clock and ours are two."""
    ahead = replace(WELL, lags=[PartitionLag("in.gateway", 0, 1, exact=True, oldest=NOW + timedelta(seconds=3))])
    assert evaluate(ahead, Limits()).sources[0].lag_seconds == 0.0


def test_only_what_an_agent_reads_is_a_source() -> None:
    """Deliveries and the ledger have readers of their own."""
    read = (
        "in.se.stockholm",
        "events.accepted",
        "events.assessed",
        "rules.packs",
        "duties",
        "entities",
        "pictures.facts",
    )
    assert [stage_of(name) for name in read] == list(Stage)
    assert [stage_of(name) for name in ("deliver.stockholm", "ledger.decisions", "state.assess")] == [None] * 3
