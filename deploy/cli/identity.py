"""``sambus identity`` and ``sambus token``: made-up people for a bus on this machine alone."""

from pathlib import Path

import click

from deploy.cli.asking import AskError, desk_option
from deploy.cli.connection import BusUnreachableError
from deploy.cli.home import home_option, told
from deploy.cluster.settings import IDENTITY_PORT, LOCAL_ISSUER

_HOST = "127.0.0.1"


@click.command()
@click.option(
    "--port", default=IDENTITY_PORT, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
@home_option
@told
def identity(port: int, home: Path) -> None:
    """Run an OpenID Connect provider of made-up people, for this machine alone. Never for real use.

    Whoever reaches it gets a token of any desk, so it listens on 127.0.0.1 and nowhere else. `sambus up` starts it.
    """
    from deploy.gateway.serve import listen, serve
    from deploy.identity.local.provider import LocalProvider
    from deploy.identity.local.signing import signer_of

    taken = listen(_HOST, port)
    issuer = f"http://{_HOST}:{port}"
    provider = LocalProvider(signer_of(issuer, home.absolute() / "identity" / "keys.json"))
    serve(provider, taken, lambda: click.echo(f"Made-up people are on {issuer}. For this machine only."))


@click.command()
@desk_option(help_text="The desk whose made-up person the token is for: unit/function.")
@click.option("--issuer", envvar="SAMBUS_ISSUER", default=LOCAL_ISSUER, show_default=True, help="The local provider.")
@click.option("--role", "roles", multiple=True, help="Another role than publisher and reader. May be given again.")
def token(desk: str, issuer: str, roles: tuple[str, ...]) -> None:
    """Print a token of a desk's made-up person, for trying the gateway of `sambus up` with curl."""
    import httpx

    asked = {"grant_type": "client_credentials", "desk": desk}
    if roles:
        asked["roles"] = " ".join(roles)
    try:
        answer = httpx.post(f"{issuer}/token", data=asked, timeout=10)
    except httpx.HTTPError as problem:
        raise BusUnreachableError(
            f"No provider answers at {issuer} ({type(problem).__name__}). `sambus up` starts one."
        ) from None
    if answer.status_code != httpx.codes.OK:
        raise AskError("The provider gives no token for this: is it the one of `sambus up`, and are the roles known?")
    click.echo(answer.json()["access_token"])
