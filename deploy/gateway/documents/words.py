"""The words of the pages, Swedish and English."""

from typing import Final, Literal

Lang = Literal["sv", "en"]

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Sambus: gränssnitt", "Sambus: interfaces"),
    "start": ("Översikt", "Overview"),
    "topics": ("Ämnen på Kafka", "Topics on Kafka"),
    "types": ("Händelsetyper", "Event types"),
    "http": ("HTTP", "HTTP"),
    "skip": ("Till innehållet", "To the content"),
    "other": ("In English", "På svenska"),
    "for_programs": ("För program", "For programs"),
    "asyncapi": ("AsyncAPI-dokumentet över ämnena", "The AsyncAPI document of the topics"),
    "openapi": ("OpenAPI-dokumentet över HTTP-gränssnittet", "The OpenAPI document of the HTTP interface"),
    "schema": ("Avro-schema", "Avro schema"),
    "delivery_schema": ("Avro-schema för leveransen", "Avro schema of the delivery"),
    "topic": ("ämne", "topic"),
    "holds": ("innehåll", "holds"),
    "key": ("nyckel, skrivs av, läses av", "key, written by, read by"),
    "internal": ("Ämnen som bara bussen själv läser och skriver", "Topics that the bus alone reads and writes"),
    "type": ("typ", "type"),
    "what": ("betydelse", "meaning"),
    "who": ("får publiceras av", "may be published by"),
    "any": ("alla funktioner", "every function"),
    "bus": ("bussen själv", "the bus itself"),
    "field": ("fält", "field"),
    "form": ("form", "form"),
    "values": ("tillåtna värden", "allowed values"),
    "required": ("krävs", "required"),
    "always": ("ja", "yes"),
    "if_given": ("om delen anges", "if its part is given"),
    "fields": ("Fält", "Fields"),
    "example": ("Exempel som JSON (påhittat)", "Example as JSON (made up)"),
    "usual": ("Vanligtvis", "Usually"),
    "sensitivity": ("känslighet", "sensitivity"),
    "purpose": ("ändamål", "purpose"),
    "graded": ("måste värderas innan den lämnar enheten", "must be graded before it leaves its unit"),
    "parameters": ("Parametrar", "Parameters"),
    "place": ("plats", "place"),
    "body": ("Innehåll i anropet", "Body of the request"),
    "answers": ("Svar", "Answers"),
    "status": ("status", "status"),
    "signed_in": ("Kräver inloggning.", "Needs to be signed in."),
    "forms": ("Former", "Forms"),
}


class Words:
    """Words in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self._index = 0 if lang == "sv" else 1

    def __call__(self, key: str) -> str:
        """The word for a key."""
        return _WORDS[key][self._index]

    def pick(self, sv: str, en: str) -> str:
        """The one of two texts that is in this language."""
        return (sv, en)[self._index]


def language(asked: str | None, accepted: str) -> Lang:
    """The language that was asked for, else the first that the browser accepts of ours, else Swedish."""
    if asked in {"sv", "en"}:
        return "en" if asked == "en" else "sv"
    preferred = [part.split(";")[0].strip()[:2].lower() for part in accepted.split(",")]
    return next(("en" if part == "en" else "sv" for part in preferred if part in {"sv", "en"}), "sv")
