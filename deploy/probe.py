"""Asks one address whether it answers well: the health check of a container, which has no shell and no curl.

``python -m deploy.probe URL`` ends with 0 for an answer of 200, else 1. Without a URL, ``SAMBUS_PROBE`` names it;
without either there is nothing to ask, and a process that lives is well. ``SAMBUS_TLS_CA`` names the authority.
"""

import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Final

_SECONDS: Final = 5
_WELL: Final = 200


def main(arguments: Sequence[str]) -> int:
    """Ask; returns the exit code. Says on standard error what was wrong, never what was answered."""
    url = next(iter(arguments), None) or os.environ.get("SAMBUS_PROBE")
    if not url:
        return 0
    if not url.startswith(("http://", "https://")):
        sys.stderr.write("probe: the address is neither http nor https\n")
        return 1
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS, context=_context(url)) as answer:  # noqa: S310 - see above  # nosec B310
            well = bool(answer.status == _WELL)
    except urllib.error.HTTPError as problem:
        sys.stderr.write(f"probe: status {problem.code}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"probe: {type(problem).__name__}\n")
        return 1
    return 0 if well else 1


def _context(url: str) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=os.environ.get("SAMBUS_TLS_CA")) if url.startswith("https:") else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
