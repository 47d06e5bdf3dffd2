"""Are there known faults in the locked packages? ``python -m tests.audit``: pip-audit, if anybody can tell.

The list of known faults is PyPI's; a package registry inside an authority often has no such service. Then nothing is
audited, and this says so; where CI is set that is a failure, for what was not looked at proves nothing.
"""

import json
import os
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
    """0 nothing known, or nobody to ask; 1 a known fault, or nobody to ask in CI."""
    if service_answers():
        return audit()
    in_ci = bool(os.environ.get("CI"))
    end = "This fails because CI is set." if in_ci else "Run it where PyPI's JSON API can be reached."
    sys.stdout.write(f"NOT AUDITED: no service that knows of faults in packages can be reached. {end}\n")
    return int(in_ci)


if __name__ == "__main__":
    sys.exit(main())
