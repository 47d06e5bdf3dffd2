"""Write the registry's locks anew for a version of Apicurio Registry: ``python -m deploy.registry.lock 3.0.9``."""

import hashlib
import sys
import tempfile
from pathlib import Path

import httpx

from deploy.cluster.jars import Jar, maven_url
from deploy.registry.artefact import LOCK_FILE, UNPACKED_FILE, digest, unpack

_HEADER = """\
# Apicurio Registry {version}, as it is run by `sambus up --registry`.
# Written by `python -m deploy.registry.lock {version}`; do not edit. group:artifact:version:ending sha256 size
"""


def main(version: str) -> None:
    """Fetch the archive, unpack it, and write down what both are."""
    wanted = Jar("io.apicurio", "apicurio-registry-app", version, "", 0, "-all.tar.gz")
    content = httpx.get(f"{maven_url()}/{wanted.path}", timeout=300, follow_redirects=True).raise_for_status().content
    with tempfile.TemporaryDirectory() as scratch:
        packed = Path(scratch) / wanted.file_name
        packed.write_bytes(content)
        unpack(packed, Path(scratch) / "whole")
        unpacked = digest(Path(scratch) / "whole")
    name = f"{wanted.group}:{wanted.artifact}:{version}:{wanted.ending}"
    line = f"{name} {hashlib.sha256(content).hexdigest()} {len(content)}\n"
    LOCK_FILE.write_text(_HEADER.format(version=version) + line, "utf-8")
    UNPACKED_FILE.write_text(f"{unpacked}  every file of it\n", "utf-8")
    sys.stdout.write(f"{LOCK_FILE.name}: {len(content) >> 20} MiB\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the version
        sys.exit("usage: python -m deploy.registry.lock VERSION")
    main(sys.argv[1])
