"""The analyst's page as a part of the gateway: it asks the feeds' routes for everything that it shows."""

from typing import Any, Final

from consumers.page.names import Words, names
from consumers.page.router import STATIC, UNDER, page_router
from deploy.cli.card_words import FEATURES_SV
from deploy.cli.words import FIELDS_SV, VALUES_SV
from deploy.gateway.context import Context
from deploy.gateway.part import Part
from deploy.gateway.rule_titles import titles
from deploy.gateway.static_files import Files
from schemas.substances import load_substances
from streams.core.share import Pack

NAME: Final = "cards"


def part(context: Context) -> Part:
    """The part."""

    def named() -> dict[str, Any]:
        pack = Pack.load()
        words = Words(FIELDS_SV, VALUES_SV, FEATURES_SV, {rule: titles(pack, rule) for rule in pack.rules})
        return names(context.gazetteer, load_substances(), words)

    return Part(NAME, (page_router(named),), mounts={UNDER: Files(STATIC)})
