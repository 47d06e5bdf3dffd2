"""``sambus verify-release``: whether a folder is a release of whoever has the key, whole and unchanged."""

from pathlib import Path

import click

from deploy.release.signed import ReleaseError, verify_release


@click.command("verify-release")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--key", required=True, metavar="ed25519:…", help="The public key, from whoever built it, by another way."
)
def verify_command(folder: Path, key: str) -> None:
    """Check every file of the release in FOLDER against the signed list of its digests.

    Exit codes: 0 it is what was signed, 1 it is not, 2 wrong use. Before Sambus is installed anywhere, `openssl` and
    `sha256sum` check the same: see docs/deployment.md.
    """
    try:
        what, files = verify_release(folder, key)
    except ReleaseError as problem:
        raise click.ClickException(f"{problem}") from None
    for name, digest in files.items():
        click.echo(f"{digest}  {name}")
    click.echo(f"All {len(files)} files are those that were signed: Sambus {what}.")
