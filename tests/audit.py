"""Are there known faults in the locked packages? ``python -m tests.audit``: pip-audit, if anybody can tell.

The list of known faults is PyPI's; a package registry inside an authority often has no such service, and nothing that
the project installs could stand in for it. Then nothing is audited, and this says so; with ``--required`` it fails.
"""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = ROOT / "requirements" / "dev.lock"
SERVICE: Final = "https://pypi.org/pypi"
#: A package that every registry has; asked for to see whether the service is one.
_PROBE: Final = "pip/25.0/json"
_ANSWER_SECONDS: Final = 10.0
#: Faults that do not concern us, each with its reason. None so far.
IGNORED: Final[tuple[str, ...]] = ()


def service_answers(address: str = SERVICE) -> bool:
    """Whether there is a service that knows of faults."""
    try:
        with urllib.request.urlopen(f"{address}/{_PROBE}", timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - https
            return "vulnerabilities" in json.load(answer)
    except (urllib.error.URLError, TimeoutError, ValueError):
        return False


def audit(lock: Path = LOCK) -> int:
    """Audit the locked packages: pip-audit's exit code. Its report goes to the screen."""
    ignored = [word for name in IGNORED for word in ("--ignore-vuln", name)]
    line = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--require-hashes"]
    return subprocess.run([*line, "--progress-spinner", "off", *ignored], check=False).returncode


def main() -> int:
    """0 nothing known, or nobody to ask; 1 a known fault, or nobody to ask though an audit is required."""
    if service_answers():
        return audit()
    sys.stdout.write(
        "NOT AUDITED: no service that knows of faults in packages can be reached. Run it where PyPI's JSON API is.\n"
    )
    return int("--required" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
