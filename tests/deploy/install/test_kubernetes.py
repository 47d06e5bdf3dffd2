"""Kubernetes: resources made from the catalogue are fresh, and all of them are what Kubernetes and operators take."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner

from deploy.access import Pattern, Resource, users, wanted
from deploy.cli.main import main
from deploy.cluster.settings import Layout, broker_settings
from deploy.install.strimzi import differing, files, resource_name
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue
from streams.engine.settings import GROUP
from tests.deploy.install.lines import ROOT, unknown_variables, wrong
from tests.tools import installed, module, needed

FOLDER = ROOT / "deploy" / "kubernetes"
KAFKA = FOLDER / "base" / "kafka"
PARTITIONS, REPLICAS = 12, 3
#: Strimzi's resource definitions are in no package: docs/deployment.md says how these kinds were judged.
STRIMZI = "Kafka,KafkaNodePool,KafkaTopic,KafkaUser"
KUBERNETES = "1.32.0"
KUBECONFORM = ("github.com/yannh/kubeconform/cmd/kubeconform", "v0.7.0")
#: Modules that hold the definitions of operators' kinds, and where in them.
OTHERS = (
    ("github.com/kedacore/keda/v2", "v2.17.0", "config/crd/bases/keda.sh_scaledobjects.yaml"),
    (
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
    ),
)


def kustomized(folder: Path) -> str:
    """What `kubectl apply --kustomize` would send."""
    line = [needed("kubectl"), "kustomize", str(folder)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture(scope="module", params=["base", "overlays/example"])
def text(request: pytest.FixtureRequest) -> str:
    """The base, and an authority's overlay on it."""
    return kustomized(FOLDER / request.param)


@pytest.fixture(scope="module")
def resources(text: str) -> list[dict[str, Any]]:
    """Every resource."""
    return list(yaml.safe_load_all(text))


def templates(resources: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The pods that run, by the name of what starts them."""
    for each in resources:
        if each["kind"] in {"Deployment", "StatefulSet"}:
            yield each["metadata"]["name"], each["spec"]["template"]
        elif each["kind"] == "CronJob":
            yield each["metadata"]["name"], each["spec"]["jobTemplate"]["spec"]["template"]


# --- made from the catalogue -----------------------------------------------------------------------------------------


def test_topics_and_users_are_as_the_catalogue_says() -> None:
    """Whoever changes the catalogue makes them anew: sambus deploy kubernetes deploy/kubernetes/base/kafka."""
    assert differing(KAFKA, files(catalogue(load_gazetteer(), PARTITIONS), REPLICAS)) == []


def test_brokers_keep_copies_and_offsets_as_those_of_one_machine_do() -> None:
    """What is written twice is the same: three copies, no topic by chance, and a year until a bus is forgotten."""
    (cluster,) = (each for each in yaml.safe_load_all((KAFKA / "cluster.yaml").read_text()) if each["kind"] == "Kafka")
    here, told = broker_settings(Layout(3, 29092), 1), cluster["spec"]["kafka"]["config"]
    both = here.keys() & told.keys()
    assert {name: str(told[name]) for name in both} == {name: here[name] for name in both}
    assert both >= {"offsets.retention.minutes", "min.insync.replicas", "auto.create.topics.enable"}


def test_a_file_that_somebody_changed_is_found(tmp_path: Path) -> None:
    """The check above refuses another retention and one more right."""
    runner, line = CliRunner(), ["deploy", "kubernetes", str(tmp_path)]
    assert runner.invoke(main, line).exit_code == 0
    assert runner.invoke(main, [*line, "--check"]).exit_code == 0
    for name, before, after in (
        ("topics.yaml", "retention.ms: '604800000'", "retention.ms: '1'"),
        ("users.yaml", "- Read\n", "- Read\n      - Write\n"),
    ):
        path = tmp_path / name
        kept = path.read_text()
        path.write_text(kept.replace(before, after, 1))
        assert runner.invoke(main, [*line, "--check"]).exit_code == 1
        path.write_text(kept)
    assert runner.invoke(main, [*line, "--check", "--own-access", "se.syd"]).exit_code == 1


def test_every_right_is_there_and_no_other() -> None:
    """Users' ACLs, read back from the resources, are those that `sambus acls` would make."""
    topics = catalogue(load_gazetteer(), PARTITIONS, ["se.syd.malmo"], ["se.syd/it_crime"])
    acls = wanted(topics, GROUP, one_gateway=True)
    made = files(topics, REPLICAS)
    kinds = {"topic": Resource.TOPIC, "group": Resource.GROUP, "transactionalId": Resource.TRANSACTIONAL_ID}
    found = [
        (
            user["metadata"]["name"],
            kinds[rule["resource"]["type"]],
            rule["resource"]["name"],
            operation,
            Pattern.LITERAL if rule["resource"]["patternType"] == "literal" else Pattern.PREFIXED,
        )
        for user in yaml.safe_load_all(made["users.yaml"])
        for rule in user["spec"]["authorization"]["acls"]
        for operation in rule["operations"]
    ]
    said = [
        (
            resource_name(acl.user.removeprefix("User:")),
            acl.resource,
            acl.name,
            "".join(word.title() for word in acl.operation.name.split("_")),
            acl.pattern,
        )
        for acl in acls
    ]
    assert sorted(found) == sorted(said)
    assert [topic["spec"]["topicName"] for topic in yaml.safe_load_all(made["topics.yaml"])] == [
        topic.name for topic in topics
    ]


def test_names_are_such_as_kubernetes_takes() -> None:
    """Two users may not become one by that."""
    known = users(wanted(catalogue(load_gazetteer()), GROUP, one_gateway=True))
    assert len({resource_name(user) for user in known}) == len(known)
    assert not [user for user in known if not resource_name(user).replace(".", "").replace("-", "").isalnum()]


# --- judged by others ------------------------------------------------------------------------------------------------


def _schemas(folder: Path, text: str) -> None:
    """What kubeconform judges by: Kubernetes' own schemas, and those of KEDA and the Prometheus operator."""
    source = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{KUBERNETES}-local-strict"
    names = {"_definitions.json"}
    for each in yaml.safe_load_all(text):
        group, _, version = each["apiVersion"].rpartition("/")
        parts = [each["kind"].lower(), *([group.partition(".")[0]] if group else []), version]
        names.add(f"{'-'.join(parts)}.json")
    for name in names:
        if (source / name).exists():
            schema = json.loads((source / name).read_text().replace("/api/_definitions.json", "_definitions.json"))
            schema.pop("$id", None)  # it names an address, and nothing is fetched
            (folder / name).write_text(json.dumps(schema))
    for place, version, path in OTHERS:
        for definition in yaml.safe_load_all((module(place, version) / path).read_text("utf-8")):
            if definition:
                names_of, group = definition["spec"]["names"], definition["spec"]["group"].partition(".")[0]
                for each in definition["spec"]["versions"]:
                    schema = each["schema"]["openAPIV3Schema"]
                    _close(schema)
                    made = f"{names_of['kind'].lower()}-{group}-{each['name']}.json"
                    (folder / made).write_text(json.dumps(schema))


def _close(schema: Any) -> None:
    """A field that a definition does not know is a mistake, as in the strict schemas of Kubernetes."""
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for each in schema.values():
            _close(each)
    elif isinstance(schema, list):
        for each in schema:
            _close(each)


def _judged(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    _schemas(folder, text)
    line = [str(installed(*KUBECONFORM)), "-strict", "-summary", "-skip", STRIMZI, "-schema-location"]
    line += [f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", "-"]
    return subprocess.run(line, input=text, capture_output=True, text=True, timeout=120, check=False)


def test_kubeconform_finds_nothing_wrong(text: str, tmp_path: Path) -> None:
    """By the schemas of Kubernetes, KEDA and the Prometheus operator, unknown fields being mistakes."""
    done = _judged(text, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "Invalid: 0, Errors: 0" in done.stdout
    assert "Valid: 2" in done.stdout  # twenty and more


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("readOnlyRootFilesystem:", "readOnlyRootFileSystem:"),
        ("maxReplicaCount: 12", "maxReplicaCount: twelve"),
        ("podMetricsEndpoints:", "podMetricEndpoints:"),
    ],
)
def test_kubeconform_finds_what_is_wrong(before: str, after: str, tmp_path: Path) -> None:
    """A misspelt field of each kind of schema, so that finding nothing means something."""
    text = kustomized(FOLDER / "base")
    assert before in text
    assert _judged(text.replace(before, after, 1), tmp_path).returncode == 1


# --- ours ------------------------------------------------------------------------------------------------------------


def test_every_pod_is_restricted(resources: list[dict[str, Any]]) -> None:
    """As the namespace's Pod Security demands, and with a root that is not written."""
    found = dict(templates(resources))
    assert set(found) == {"worker", "gateway", "archiver", "watch", "erase", "verify"}
    for name, pod in found.items():
        whole = pod["spec"]["securityContext"]
        assert (whole["runAsNonRoot"], whole["seccompProfile"]["type"]) == (True, "RuntimeDefault"), name
        assert pod["spec"]["automountServiceAccountToken"] is False, name
        for container in pod["spec"]["containers"]:
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] is True, name
            assert own["allowPrivilegeEscalation"] is False, name
            assert own["capabilities"] == {"drop": ["ALL"]}, name
            assert {"requests", "limits"} <= set(container["resources"]), name
        assert "hostPath" not in json.dumps(pod), name


def test_every_part_that_serves_is_probed_and_kept(resources: list[dict[str, Any]]) -> None:
    """A pod that hangs is found; a node that is emptied takes one at a time."""
    for name, pod in templates(resources):
        if name in {"worker", "gateway", "archiver", "watch"}:
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(pod["spec"]["containers"][0]), name
    budgets = {each["metadata"]["name"]: each for each in resources if each["kind"] == "PodDisruptionBudget"}
    assert set(budgets) == {"worker", "gateway"}
    for each in budgets.values():
        selected = each["spec"]["selector"]["matchLabels"].items()
        assert [name for name, pod in templates(resources) if selected <= pod["metadata"]["labels"].items()]


def test_commands_variables_users_and_secrets_are_ours(resources: list[dict[str, Any]]) -> None:
    """Each pod runs a command that there is, as a user that the catalogue has, with that user's Secret and no other."""
    known = users(wanted(catalogue(load_gazetteer()), GROUP, one_gateway=True))
    maps = {
        each["metadata"]["name"].partition("-h2")[0]: each["data"] for each in resources if each["kind"] == "ConfigMap"
    }
    for data in maps.values():
        assert unknown_variables(data) == set()
    for name, pod in templates(resources):
        container = pod["spec"]["containers"][0]
        assert wrong(container["args"]) == [], name
        own = {each["name"]: each.get("value") for each in container["env"]}
        assert unknown_variables(own) == set(), name
        user = own["SAMBUS_SASL_USERNAME"]
        assert user in known, name
        kept = {volume["secret"]["secretName"] for volume in pod["spec"]["volumes"] if "secret" in volume}
        assert kept <= {resource_name(user), "sambus-cluster-ca-cert", "sambus-keys", "sambus-gateway-tls"}, name


def test_workers_grow_with_lag_up_to_the_partitions(resources: list[dict[str, Any]]) -> None:
    """The metric is one that the bus tells; more workers than partitions would stand idle."""
    from schemas.signals import AGENT_LAG_S

    (scaled,) = (each["spec"] for each in resources if each["kind"] == "ScaledObject")
    partitions = max(each["spec"]["partitions"] for each in resources if each["kind"] == "KafkaTopic")
    assert 2 <= scaled["minReplicaCount"] <= scaled["maxReplicaCount"] <= partitions == PARTITIONS
    (trigger,) = scaled["triggers"]
    assert AGENT_LAG_S.name in trigger["metadata"]["query"]
    target = scaled["scaleTargetRef"]
    assert (target["kind"], target["name"]) in {(each["kind"], each["metadata"]["name"]) for each in resources}
    (worker,) = (each for each in resources if each["kind"] == "StatefulSet" and each["metadata"]["name"] == "worker")
    assert "replicas" not in worker["spec"]  # or each `kubectl apply` would undo what KEDA did


def test_nobody_is_reached_but_by_a_rule(resources: list[dict[str, Any]]) -> None:
    """One policy denies all, for every pod; the others let single ways through."""
    policies = {each["metadata"]["name"]: each["spec"] for each in resources if each["kind"] == "NetworkPolicy"}
    assert policies["nobody"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & set(policies["nobody"])
    everybody = policies["nobody"]["podSelector"]["matchLabels"].items()
    assert [name for name, pod in templates(resources) if not everybody <= pod["metadata"]["labels"].items()] == []
