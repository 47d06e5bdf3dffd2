"""The documents that describe the bus to programs: AsyncAPI for the topics."""

from importlib.metadata import version as installed

import yaml

from schemas.asyncapi import Document, SchemaRef, document
from schemas.gazetteer import load_gazetteer
from schemas.registry import Version, load_registry


def released_file(version: Version) -> str:
    """Where a schema stands, seen from ``docs/asyncapi.yaml``."""
    return f"../schemas/released/{version.name}.v{version.number}.avsc"


def asyncapi_document(schema_ref: SchemaRef = released_file) -> Document:
    """The AsyncAPI document of this version."""
    return document(load_gazetteer(), load_registry(), installed("sambus"), schema_ref)


def asyncapi_yaml() -> str:
    """The document as it is committed: ``docs/asyncapi.yaml``."""
    return yaml.dump(asyncapi_document(), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and nothing as a reference to another place."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
