"""``python -m deploy.release FOLDER --key FILE``: builds, lists and signs a release of the commit at hand."""

import shutil
import tempfile
from pathlib import Path

import click

from deploy.cli.private_key import private_key
from deploy.release.building import BuildError, build_packages, commit_of, exported
from deploy.release.parts import parts_list
from deploy.release.signed import sign_release, verify_release
from streams.core.share.signing import public_key


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file with the private key, made by `sambus rules key`.",
)
@click.option("--tree", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The sources.")
def main(folder: Path, key_file: Path, tree: Path) -> None:
    """Build wheel and source from the commit at hand, list their parts, and sign all of it, into a new FOLDER."""
    private = private_key(key_file)
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty: what lies there would be signed too.")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        what = release(tree, folder, private)
    except BuildError as problem:
        raise click.ClickException(f"{problem}") from None
    click.echo(f"{what}: {', '.join(verify_release(folder, public_key(private))[1])}\nsigned by {public_key(private)}")


def release(tree: Path, folder: Path, private: str) -> str:
    """Make a release of a tree's commit in an empty folder; tells what it is. Errors: ``BuildError``."""
    commit = commit_of(tree)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch)
        exported(tree, commit, source)
        wheel = next(path for path in build_packages(source, folder) if path.suffix == ".whl")
        version = wheel.name.split("-")[1]
        (folder / f"sambus-{version}.cdx.json").write_bytes(parts_list(source))
        shutil.copyfile(source / "requirements" / "run.lock", folder / "run.lock")
    what = f"{version} of commit {commit}"
    sign_release(folder, what, private)
    return what


if __name__ == "__main__":
    main()
