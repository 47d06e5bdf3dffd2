"""Alert rules and dashboard: fresh, whole, and believed by Prometheus's own tools."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from deploy.cli.main import main
from deploy.observability.alerts import STALE_S
from deploy.observability.dashboard import WINDOW, dashboard
from deploy.observability.files import FOLDER, files
from schemas.alarms import ALARMS, AlarmCode
from schemas.signals import METRICS, Kind
from tests.docs.tables import ROOT
from tests.prometheus import promtool

_RULES: dict[str, Any] = yaml.safe_load(files()["rules.yml"])
_ALERTS = {rule["alert"]: rule for group in _RULES["groups"] for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("name", files())
def test_what_is_committed_is_what_the_tables_make(name: str) -> None:
    """Nobody changed a file by hand, or a table without its file."""
    assert (FOLDER / name).read_text("utf-8") == files()[name], "run sambus signals export deploy/observability"


def test_there_is_one_alert_for_each_alarm() -> None:
    """Neither more nor fewer; each as grave as its alarm."""
    assert list(_ALERTS) == list(AlarmCode)
    assert {code: rule["labels"]["severity"] for code, rule in _ALERTS.items()} == {
        code: alarm.severity for code, alarm in ALARMS.items()
    }


@pytest.mark.parametrize("code", AlarmCode)
def test_an_alert_links_to_the_page_of_its_alarm(code: AlarmCode) -> None:
    """And no alert waits: it must be there within 15 seconds."""
    rule = _ALERTS[code]
    assert (ROOT / rule["annotations"]["runbook_url"]).is_file()
    assert "for" not in rule


def test_pages_may_be_elsewhere(tmp_path: Path) -> None:
    """Whoever has the runbook on a server of their own names it."""
    told = CliRunner().invoke(main, ["signals", "export", str(tmp_path), "--runbooks", "https://wiki.example/sambus/"])
    assert told.exit_code == 0, told.output
    assert "runbook_url: https://wiki.example/sambus/LATE.md" in (tmp_path / "rules.yml").read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With a reason, and no traceback."""
    (tmp_path / "file").touch()
    told = CliRunner().invoke(main, ["signals", "export", str(tmp_path / "file" / "folder")])
    assert told.exit_code == 1
    assert "cannot be written" in told.output


def test_promtool_takes_the_rules_and_the_configuration() -> None:
    """Both as they are committed."""
    assert "SUCCESS" in promtool("check", "rules", "rules.yml", folder=FOLDER)
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml", folder=FOLDER)


def test_every_metric_is_on_the_dashboard() -> None:
    """By its name, in what a panel asks."""
    asked = " ".join(target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ()))
    assert [metric.name for metric in METRICS if metric.name not in asked] == []


def test_no_panel_lies_on_another() -> None:
    """Each has its place, within the width of the page."""
    taken = set[tuple[int, int]]()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(numbers) == len(set(numbers))


def test_promtool_understands_what_the_panels_ask(tmp_path: Path) -> None:
    """Every expression is one, with Grafana's own words filled in."""
    asked = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())]
    rules = [{"record": f"panel:{number}", "expr": expr.replace(WINDOW, "1m")} for number, expr in enumerate(asked)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    assert f"{len(asked)} rules found" in promtool("check", "rules", "panels.yml", folder=tmp_path)


def test_a_wrong_expression_would_be_found(tmp_path: Path) -> None:
    """The check above is one."""
    rules = [{"record": "panel:0", "expr": "sum by (code (sambus_alarm)"}]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    with pytest.raises(AssertionError):
        promtool("check", "rules", "panels.yml", folder=tmp_path)


def test_the_dashboard_is_json_that_grafana_imports() -> None:
    """Panels ask the data source that the reader chooses, and say what they show."""
    read = json.loads(files()["dashboard.json"])
    panels = [panel for panel in read["panels"] if panel["type"] != "row"]
    assert len(panels) == len(METRICS)
    assert {panel["datasource"]["uid"] for panel in panels} == {"${source}"}
    assert [variable["name"] for variable in read["templating"]["list"]] == ["source"]
    assert all(panel["description"] and panel["targets"] for panel in panels)


# What the rules do, by promtool


#: An alarm, and the alerts that there are of it.
Expected = tuple[AlarmCode, list[Any]]


def _alerting(code: AlarmCode, labels: dict[str, str]) -> dict[str, Any]:
    rule = _ALERTS[code]
    annotations = {
        name: text.replace("{{ $labels.where }}", labels.get("where", "")) for name, text in rule["annotations"].items()
    }
    return {"exp_labels": {**rule["labels"], **labels}, "exp_annotations": annotations}


def _tested(tmp_path: Path, series: dict[str, str], expected: Mapping[str, Iterable[Expected]]) -> None:
    """Let promtool run the rules over series and hold the alerts at each moment against what is expected."""
    (tmp_path / "rules.yml").write_text(files()["rules.yml"], "utf-8")
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "3s",
        "tests": [
            {
                "interval": "3s",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "alert_rule_test": [
                    {"eval_time": at, "alertname": code.value, "exp_alerts": alerts}
                    for at, told in expected.items()
                    for code, alerts in told
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test, allow_unicode=True), "utf-8")
    promtool("test", "rules", "test.yml", folder=tmp_path)


def test_each_alarm_alerts_at_once_and_ends_with_it(tmp_path: Path) -> None:
    """At the first evaluation after the watcher says so, with its words and its page; two watchers make one alert."""
    codes: list[AlarmCode] = [code for code in AlarmCode if code is not AlarmCode.NOT_WATCHED]
    series = {}
    for code in codes:
        for watcher in ("a", "b"):
            series[f'sambus_alarm{{code="{code}",where="there",instance="{watcher}"}}'] = "_x1 1x3 stale"
    firing = [(code, [_alerting(code, {"code": code.value, "where": "there"})]) for code in codes]
    _tested(tmp_path, series, {"0s": [(code, []) for code in codes], "6s": firing, "21s": [(c, []) for c in codes]})


def test_an_alarm_in_two_places_is_two_alerts(tmp_path: Path) -> None:
    """Each says where."""
    series = {f'sambus_alarm{{code="LATE",where="{topic}"}}': "1x3" for topic in ("events.accepted", "in.gateway")}
    told = [_alerting(AlarmCode.LATE, {"code": "LATE", "where": where}) for where in ("events.accepted", "in.gateway")]
    _tested(tmp_path, series, {"3s": [(AlarmCode.LATE, told)]})


def test_nobody_watching_is_an_alert(tmp_path: Path) -> None:
    """When the watcher is gone, and when it still answers and looks no more."""
    quiet: Expected = (AlarmCode.NOT_WATCHED, [])
    told: Expected = (AlarmCode.NOT_WATCHED, [_alerting(AlarmCode.NOT_WATCHED, {})])
    watched = "sambus_watched_timestamp_seconds"
    _tested(tmp_path, {watched: "0+3x10 stale"}, {"30s": [quiet], "33s": [told]})
    hangs = 30 + STALE_S
    _tested(tmp_path, {watched: "0+3x10 30x10"}, {"30s": [quiet], "39s": [quiet], f"{hangs + 2}s": [told]})


def test_the_share_of_late_events_is_worked_out(tmp_path: Path) -> None:
    """A figure that is worked out once, by promtool's own arithmetic."""
    (tmp_path / "rules.yml").write_text(files()["rules.yml"], "utf-8")
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [
                    {"series": "sambus_shared_events_total", "values": "0+100x40"},
                    {"series": "sambus_late_events_total", "values": "0+5x40"},
                ],
                "promql_expr_test": [
                    {
                        "expr": "sambus:late_events:share",
                        "eval_time": "10m",
                        "exp_samples": [{"labels": "sambus:late_events:share", "value": 0.05}],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test), "utf-8")
    promtool("test", "rules", "test.yml", folder=tmp_path)


def test_kinds_of_metrics_are_asked_as_what_they_are() -> None:
    """A counter by its rate or increase, a histogram by its buckets: a counter's sum alone says nothing."""
    for metric in METRICS:
        asked = [t["expr"] for p in dashboard()["panels"] for t in p.get("targets", ()) if metric.name in t["expr"]]
        if metric.kind is Kind.COUNTER:
            assert all("rate(" in expr or "increase(" in expr for expr in asked)
        if metric.kind is Kind.HISTOGRAM:
            assert all(f"{metric.name}_bucket" in expr for expr in asked)
