"""Why a Kafka that was named does not take us: asked once more, of its first brokers, when a command has failed.

aiokafka says of every failure to start that it is unable to bootstrap, and logs why; the person needs the why.
"""

import asyncio
import logging
import ssl
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from deploy.cli.connection import Connection

_SECONDS: Final = 3.0


def why_refused(connection: Connection) -> str | None:
    """What to tell the person, with the remedy; None when nobody answers there, or all is well by now."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    for address in connection.bootstrap.split(","):
        host, colon, port = address.strip().rpartition(":")
        if not colon or not port.isdigit():
            continue
        problem = asyncio.run(_tried(connection, host.strip("[]"), int(port)))
        if problem is not None and (said := _said(problem, connection, address.strip())) is not None:
            return said
    return None


async def _tried(connection: Connection, host: str, port: int) -> Exception | None:
    options: dict[str, Any] = connection.aiokafka()
    del options["bootstrap_servers"]
    try:
        async with asyncio.timeout(_SECONDS):
            found = await create_conn(host, port, request_timeout_ms=int(_SECONDS * 1000), **options)
            try:
                await found.send(MetadataRequest([]))  # who asks for a user asks when the first question comes
            finally:
                found.close()
    except (KafkaError, OSError, TimeoutError) as problem:
        return problem
    return None


def _said(problem: Exception, connection: Connection, address: str) -> str | None:
    """The chain of causes is looked through: aiokafka wraps what TLS says."""
    told = (_cause_said(cause, connection, address) for cause in _causes(problem))
    said = next((each for each in told if each is not None), None)
    if said is None and _is_there(problem):
        return (
            f"{address} is there and breaks off when it is spoken to as {connection.security_protocol}. "
            "If this Kafka is secured, set SAMBUS_SECURITY_PROTOCOL (SASL_SSL), the user and SAMBUS_TLS_CA."
        )
    return said


def _cause_said(cause: BaseException, connection: Connection, address: str) -> str | None:
    match cause:
        case AuthenticationFailedError() | SaslAuthenticationFailed():
            return (
                f"Kafka at {address} refuses the user {connection.sasl_username}: "
                "there is no such user, or it has another password. See SAMBUS_SASL_USERNAME and SAMBUS_SASL_PASSWORD."
            )
        case UnsupportedSaslMechanismError():
            return f"Kafka at {address} does not take {connection.sasl_mechanism}. See SAMBUS_SASL_MECHANISM."
        case ssl.SSLCertVerificationError():
            return (
                f"The certificate of {address} is not believed ({cause.verify_message}). "
                "Name the authority that signed it with SAMBUS_TLS_CA."
            )
        case ssl.SSLError():
            return (
                f"{address} does not speak TLS as we do ({cause.reason or 'no reason given'}). "
                "See SAMBUS_SECURITY_PROTOCOL, and SAMBUS_TLS_CERT if it wants a certificate of ours."
            )
    return None


def _is_there(problem: Exception) -> bool:
    """Whether somebody took the call and broke off: a host that is not found or does not answer is not there."""
    took = isinstance(problem, KafkaError | ConnectionResetError | BrokenPipeError)
    return took and not any(isinstance(cause, TimeoutError | ConnectionRefusedError) for cause in _causes(problem))


def _causes(problem: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    here: BaseException | None = problem
    while here is not None and here not in found:
        found.append(here)
        here = here.__cause__ or here.__context__
    return found
