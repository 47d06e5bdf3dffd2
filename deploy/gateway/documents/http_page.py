"""The page of the HTTP interface, from the OpenAPI document that the gateway makes of its own routes."""

import json
from collections.abc import Iterator
from typing import Any

from deploy.gateway.documents.frame import ROOT, page
from deploy.gateway.documents.markup import Child, Markup, code, h, link, prose, table
from deploy.gateway.documents.words import Words

_METHODS = ("get", "put", "post", "delete", "patch")


def http_page(document: dict[str, Any], words: Words) -> str:
    """Every operation with its parameters, bodies and answers; then the forms that they refer to."""
    operations = [
        part
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
        for part in _operation(method, path, item[method], words)
    ]
    forms = document.get("components", {}).get("schemas", {})
    return page(
        words,
        f"{ROOT}/http",
        words("http"),
        h("p", link("/openapi.json", words("openapi"))),
        h("div", operations, lang="en"),
        h("h2", words("forms")),
        [_form(name, schema) for name, schema in forms.items()],
    )


def _operation(method: str, path: str, operation: dict[str, Any], words: Words) -> Iterator[Markup]:
    yield h("h2", h("span", method, class_="method"), " ", code(path))
    yield h("p", prose(str(operation.get("summary", ""))))
    yield from (h("p", prose(part)) for part in str(operation.get("description", "")).split("\n\n") if part)
    if operation.get("security"):
        yield h("p", words("signed_in"), class_="quiet", lang=words.lang)
    if parameters := operation.get("parameters"):
        yield h("h3", words("parameters"), lang=words.lang)
        told = [(code(each["name"]), str(each["in"]), str(each.get("description", ""))) for each in parameters]
        yield table((words("field"), words("place"), words("what")), told)
    if body := operation.get("requestBody"):
        yield h("h3", words("body"), lang=words.lang)
        yield h("ul", [h("li", each) for each in _contents(body)])
    yield h("h3", words("answers"), lang=words.lang)
    answers = operation["responses"].items()
    rows = [(code(status), str(answer.get("description", "")), [*_contents(answer)]) for status, answer in answers]
    yield table((words("status"), words("what"), words("form")), rows)


def _contents(body: dict[str, Any]) -> Iterator[list[Child]]:
    """Each content type with the form that it has."""
    for content, media in body.get("content", {}).items():
        names = _named(media.get("schema", {}))
        yield [code(content), " ", [part for name in names for part in (link(f"#{name}", name), " ")]]


def _named(schema: Any) -> list[str]:
    """The forms that a schema names outright: itself, its items, or those of which it is one."""
    if "$ref" in schema:
        return [schema["$ref"].rpartition("/")[2]]
    parts = [schema.get("items", {}), *schema.get("oneOf", ()), *schema.get("anyOf", ())]
    return [name for part in parts if part for name in _named(part)]


def _form(name: str, schema: Any) -> Markup:
    text = json.dumps(schema, ensure_ascii=False, indent=2)
    return h("details", h("summary", code(name)), h("pre", text, tabindex="0"), id=name)
