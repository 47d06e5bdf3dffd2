"""The parts that the gateway is made of, one a line: whoever adds a part adds a line here and a module beside it."""

import importlib
from typing import Final

from deploy.gateway.context import Context
from deploy.gateway.part import Part

#: Module and function (``Context`` → ``Part``), in the order in which they start.
PARTS: Final[tuple[str, ...]] = (
    "deploy.gateway.login:part",
    "deploy.gateway.intake:part",
    "deploy.gateway.documents.part:part",
    "deploy.gateway.assets:part",
    "deploy.gateway.publish:part",
    "deploy.gateway.feeds:part",
    "deploy.gateway.archive:part",
    "deploy.gateway.cards:part",
    "deploy.gateway.console:part",
    "deploy.gateway.quarantine:part",
    "deploy.gateway.completeness:part",
)


def parts(context: Context) -> tuple[Part, ...]:
    """Every part, made for these surroundings."""
    return tuple(_made(name, context) for name in PARTS)


def _made(name: str, context: Context) -> Part:
    module, _, function = name.partition(":")
    made = getattr(importlib.import_module(module), function)(context)
    if not isinstance(made, Part):
        raise TypeError(f"{name} makes no part")
    return made
