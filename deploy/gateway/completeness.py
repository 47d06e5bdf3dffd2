"""Completeness as a part of the gateway: signed numbers of a desk's feed and of what it published."""

import os
from pathlib import Path
from typing import Final

from consumers.gateway.routes.completeness import Books, router
from consumers.statements import signing_key
from deploy.gateway.context import Context
from deploy.gateway.part import Part

NAME: Final = "completeness"
KEY_FILE: Final = "signing.key"


def part(context: Context) -> Part:
    """The part. Its key is made at the first start, unless ``SAMBUS_SIGNING_KEY`` names its file."""
    named = os.environ.get("SAMBUS_SIGNING_KEY")
    key = signing_key(Path(named) if named else context.folder / NAME / KEY_FILE)
    return Part(NAME, (router(Books(context.kafka, context.gazetteer, key), context.authenticator),))
