"""The page of the topics, from the AsyncAPI document."""

from typing import Any

from deploy.gateway.documents.frame import ROOT, page, to
from deploy.gateway.documents.markup import Markup, code, h, link, prose, table
from deploy.gateway.documents.words import Words
from schemas.asyncapi import Document
from schemas.avro import DELIVERY_PREFIX
from schemas.catalogue import EVENT_TYPES


def topics_page(document: Document, words: Words) -> str:
    """What stands on which topic, who writes and reads it; then those of the bus alone."""
    channels = list(document["channels"].values())
    paragraphs = [h("p", prose(part)) for part in str(document["info"]["description"]).split("\n\n")]
    heads = (words("topic"), words("what"), words("key"))
    inside = [channel for channel in channels if channel.get("x-internal")]
    return page(
        words,
        f"{ROOT}/topics",
        words("topics"),
        h("div", paragraphs, lang="en"),
        [part for channel in channels if not channel.get("x-internal") for part in _channel(channel, words)],
        h("h2", words("internal")),
        table(heads, [(code(each["address"]), each["summary"], each["description"]) for each in inside]),
    )


def _channel(channel: Document, words: Words) -> list[Markup]:
    names = [reference["$ref"].rpartition("/")[2] for reference in channel["messages"].values()]
    config = channel["bindings"]["kafka"]["topicConfiguration"]
    told = ", ".join(f"{name} {_value(value)}" for name, value in config.items())
    return [
        h("h2", code(channel["address"])),
        h("p", f"{channel['summary']}. {channel['description']}", lang="en"),
        h("p", told, class_="quiet"),
        h("p", f"{words('holds')}: ", [part for name in names for part in (_named(name, words), " ")]),
    ]


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _named(name: str, words: Words) -> Markup:
    kind = name.removeprefix(DELIVERY_PREFIX)
    known = kind in EVENT_TYPES
    return link(to(words, f"{ROOT}/types/{kind}") if known else f"{ROOT}/schemas/{name}.avsc", code(name))
