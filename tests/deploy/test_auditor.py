"""The user by whom a gateway's console searches the read log: from a file of variables, and from nothing else."""

from pathlib import Path

import click
import pytest

from deploy.cli.auditor import auditor_options
from deploy.cli.connection import Connection

CONNECTION = Connection(
    bootstrap="127.0.0.1:9", security_protocol="SASL_PLAINTEXT", sasl_username="gateway.all", sasl_password="made-up-1"
)


def test_the_file_names_the_user_and_the_connection_the_brokers(tmp_path: Path) -> None:
    """Quoted as a shell reads it; the gateway's own user is not used."""
    file = tmp_path / "operations.env"
    file.write_text("# made up\nSAMBUS_SASL_USERNAME=operations\nSAMBUS_SASL_PASSWORD='made up 2'\n", "utf-8")
    options = auditor_options(CONNECTION, file)
    assert options is not None
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("operations", "made up 2")
    assert options["bootstrap_servers"] == "127.0.0.1:9"
    assert auditor_options(CONNECTION, None) is None


@pytest.mark.parametrize("text", ["", "SAMBUS_SASL_USERNAME=operations\n", "SAMBUS_SASL_PASSWORD='made"])
def test_a_file_without_both_is_refused_without_its_content(tmp_path: Path, text: str) -> None:
    """No password stands in the message."""
    file = tmp_path / "operations.env"
    file.write_text(text, "utf-8")
    with pytest.raises(click.UsageError) as refused:
        auditor_options(CONNECTION, file)
    assert "made" not in refused.value.format_message()
