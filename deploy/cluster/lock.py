"""Write ``kafka.lock`` anew for a version of Kafka: ``python -m deploy.cluster.lock 4.3.1`` (needs Maven, ``mvn``).

Maven resolves the full list of jars (jgo's own resolver left out scala-library). The binding that sends Kafka's
log lines to log4j gets the version of log4j that Kafka brings. Run the tests of ``tests/deploy`` after it.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.cluster.jars import LOCK_FILE, Jar

#: Kafka logs through slf4j 1.7; this jar hands that to log4j, which Kafka brings.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl"

_HEADER = """\
# The jars of Apache Kafka {version} and of its log binding, in the order of the class path.
# Written by `python -m deploy.cluster.lock {version}`; do not edit. group:artifact:version sha256 size
"""

_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>se.sambus</groupId><artifactId>lock</artifactId><version>1</version>
  <dependencies>{dependencies}</dependencies>
</project>
"""


def resolve(coordinates: list[str], folder: Path) -> list[Jar]:
    """Let Maven resolve coordinates (``group:artifact:version``) and all that they need into ``folder``.

    Errors: ``FileNotFoundError`` without ``mvn``; ``subprocess.CalledProcessError`` when it cannot resolve.
    """
    mvn = shutil.which("mvn")
    if mvn is None:
        raise FileNotFoundError("mvn is not on the PATH; install Maven to write the lock anew")
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(
            *coordinate.split(":")
        )
        for coordinate in coordinates
    )
    folder.mkdir(parents=True)
    (folder / "pom.xml").write_text(_POM.format(dependencies=dependencies), encoding="utf-8")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-Dmdep.useRepositoryLayout=true"]
    subprocess.run([mvn, "-q", "-B", *goal, "-DoutputDirectory=jars"], cwd=folder, check=True)
    return sorted((_jar(path, folder / "jars") for path in (folder / "jars").rglob("*.jar")), key=lambda jar: jar.path)


def _jar(path: Path, root: Path) -> Jar:
    *group, artifact, version, _ = path.relative_to(root).parts
    content = path.read_bytes()
    return Jar(".".join(group), artifact, version, hashlib.sha256(content).hexdigest(), len(content))


def main(version: str) -> None:
    """Resolve Kafka, then Kafka with the log binding of its log4j, and write the lock file."""
    kafka = f"org.apache.kafka:kafka_2.13:{version}"
    with tempfile.TemporaryDirectory() as scratch:
        bare = resolve([kafka], Path(scratch) / "bare")
        log4j = next(jar.version for jar in bare if jar.artifact == "log4j-core")
        jars = resolve([kafka, f"{LOG_BINDING}:{log4j}"], Path(scratch) / "full")
    lines = [f"{jar.group}:{jar.artifact}:{jar.version} {jar.sha256} {jar.size}\n" for jar in jars]
    LOCK_FILE.write_text(_HEADER.format(version=version) + "".join(lines), encoding="utf-8")
    sys.stdout.write(f"{LOCK_FILE.name}: {len(jars)} jars, {sum(jar.size for jar in jars) >> 20} MiB\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the version
        sys.exit("usage: python -m deploy.cluster.lock VERSION")
    main(sys.argv[1])
