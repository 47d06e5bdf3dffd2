"""How a command reaches Kafka: one set of options (or SAMBUS_* variables) for every command."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

#: The local cluster's address; ``sambus up`` listens here unless told otherwise.
LOCAL_BOOTSTRAP = "127.0.0.1:29092"

EXIT_DONE, EXIT_NOT_WELL, EXIT_WRONG_USE, EXIT_UNREACHABLE = 0, 1, 2, 3

F = TypeVar("F", bound=Callable[..., Any])


class BusUnreachableError(click.ClickException):
    """The bus cannot be reached: exit code 3, with the remedy. ``kafka`` tells that Kafka itself was asked for."""

    exit_code = EXIT_UNREACHABLE

    def __init__(self, message: str, *, kafka: bool = True) -> None:
        super().__init__(message)
        self.kafka = kafka


@dataclass(frozen=True)
class Connection:
    """Where Kafka is and how to prove who we are. Passwords come from the environment or a file, never from a log."""

    bootstrap: str = LOCAL_BOOTSTRAP
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def aiokafka(self) -> dict[str, Any]:
        """The keyword options that every aiokafka client takes for this connection.

        Errors: ``click.UsageError`` when a certificate cannot be read or a user is missing for SASL.
        """
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap, "security_protocol": self.security_protocol}
        if self.security_protocol.startswith("SASL"):
            if not self.sasl_username or not self.sasl_password:
                raise click.UsageError(
                    "SASL needs SAMBUS_SASL_USERNAME and SAMBUS_SASL_PASSWORD (or SAMBUS_SASL_PASSWORD_FILE)."
                )
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password,
            }
        if self.security_protocol.endswith("SSL"):
            options["ssl_context"] = self.tls_context()
        return options

    def tls_context(self) -> ssl.SSLContext:
        """What secures a connection. Errors: ``click.UsageError`` when a file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=str(self.tls_ca) if self.tls_ca else None)
            if self.tls_cert is not None:
                context.load_cert_chain(str(self.tls_cert), str(self.tls_key) if self.tls_key else None)
        except (OSError, ssl.SSLError) as problem:
            raise click.UsageError(f"TLS files cannot be used: {problem.strerror or 'not PEM'}") from problem
        return context


def _not_an_argument(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A password in the arguments is seen by everybody on the machine. Errors: ``click.UsageError``."""
    if context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        raise click.UsageError(
            "A password does not belong on a command line: name its file with --sasl-password-file, "
            "or set SAMBUS_SASL_PASSWORD."
        )
    return value


def _password_of(password: str | None, file: Path | None) -> str | None:
    """The password itself, or what is in its file. Errors: ``click.UsageError`` when the file cannot be read."""
    if password or file is None:
        return password
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise click.UsageError(f"The file of the password cannot be used: {type(problem).__name__}") from None


_OPTIONS = [
    click.option(
        "--bootstrap",
        envvar="SAMBUS_BOOTSTRAP",
        default=LOCAL_BOOTSTRAP,
        show_default=True,
        help="Kafka brokers, host:port[,host:port].",
    ),
    click.option(
        "--security-protocol",
        envvar="SAMBUS_SECURITY_PROTOCOL",
        default="PLAINTEXT",
        hidden=True,
        type=click.Choice(["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
    ),
    click.option("--sasl-mechanism", envvar="SAMBUS_SASL_MECHANISM", default="SCRAM-SHA-512", hidden=True),
    click.option("--sasl-username", envvar="SAMBUS_SASL_USERNAME", hidden=True),
    click.option("--sasl-password", envvar="SAMBUS_SASL_PASSWORD", hidden=True, callback=_not_an_argument),
    click.option(
        "--sasl-password-file",
        envvar="SAMBUS_SASL_PASSWORD_FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        hidden=True,
    ),
    click.option("--tls-ca", envvar="SAMBUS_TLS_CA", type=click.Path(path_type=Path), hidden=True),
    click.option("--tls-cert", envvar="SAMBUS_TLS_CERT", type=click.Path(path_type=Path), hidden=True),
    click.option("--tls-key", envvar="SAMBUS_TLS_KEY", type=click.Path(path_type=Path), hidden=True),
]


def connection_options(command: F) -> F:
    """Give a click command the connection options; it receives one ``connection: Connection``."""
    import functools

    names = (
        "bootstrap",
        "security_protocol",
        "sasl_mechanism",
        "sasl_username",
        "sasl_password",
        "tls_ca",
        "tls_cert",
        "tls_key",
    )

    @functools.wraps(command)
    def with_connection(*args: Any, **kwargs: Any) -> Any:
        told = {name: kwargs.pop(name) for name in names}
        told["sasl_password"] = _password_of(told["sasl_password"], kwargs.pop("sasl_password_file"))
        connection = Connection(**told)
        try:
            return command(*args, connection=connection, **kwargs)
        except BusUnreachableError as problem:
            from deploy.cli.refusal import why_refused

            reason = why_refused(connection) if problem.kafka else None
            if reason is None:
                raise
            raise BusUnreachableError(reason) from problem

    wrapped: Any = with_connection
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]
