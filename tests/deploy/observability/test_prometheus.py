"""The whole way of an alert through a real Prometheus: a watcher's alarm, asked and evaluated as the example says."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.cluster.ports import free_port
from deploy.metrics import serve_figures
from deploy.observability.files import FOLDER, export
from schemas.figures import Figure, Shown
from schemas.signals import ALARM, WATCHED_AT
from tests.prometheus import Prometheus

#: The most that may pass from the watcher's word to the alert, or from its last word. By the times of the example it is
#: 6 s and 13 s, and so it is on a quiet machine; a busy one may take twice as long and must not fail for that. Seconds.
WITHIN_S, SILENT_S = 12.0, 30.0
_PATIENCE_S = 60.0


def _config(port: int) -> dict[str, Any]:
    """The example as it is committed, with the watcher on another port and nobody else."""
    config: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
    (watch,) = [job for job in config["scrape_configs"] if job["job_name"] == "sambus-watch"]
    watch["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
    return {**config, "scrape_configs": [watch]}


def _until(server: Prometheus, wanted: set[str]) -> float:
    """Seconds until exactly these alerts fire."""
    began = time.monotonic()
    while (firing := server.firing()) != wanted:
        assert time.monotonic() - began < _PATIENCE_S, firing
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.timeout(240)
def test_an_alarm_is_an_alert_within_seconds(tmp_path: Path) -> None:
    """From the watcher's word to the alert that fires; gone as soon when it is healed. A silent watcher alerts too."""
    alarms: list[Shown] = []
    watching, last = True, time.time()

    def told() -> list[Shown]:
        nonlocal last
        last = time.time() if watching else last
        return [*alarms, Figure(WATCHED_AT, (), last)]

    port = free_port()
    serve_figures(told, port)
    export(tmp_path)
    with Prometheus(tmp_path, _config(port)) as server:
        _until(server, set())
        alarms.append(Figure(ALARM, ("NO_WORKER", "Empty"), 1))
        assert _until(server, {"NO_WORKER"}) < WITHIN_S
        alarms.clear()
        assert _until(server, set()) < WITHIN_S
        watching = False
        assert _until(server, {"NOT_WATCHED"}) < SILENT_S
