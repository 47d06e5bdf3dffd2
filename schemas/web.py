"""What every part of the gateway shares: who asks, in which language, and the form of an answer that is a problem.

Source: RFC 9457 (problem details), RFC 6750 (bearer tokens), RFC 9110 (Accept-Language). No web framework is needed
here: a request is its ASGI scope, a problem is an exception that the gateway turns into an answer.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from schemas.identity import Authenticator, Credentials, Identity, RefusalCode, Role
from schemas.model import Model
from schemas.problems import Problem

PROBLEM_JSON: Final = "application/problem+json"
#: The cookie in which a page keeps its session's token, out of reach of scripts.
SESSION_COOKIE: Final = "sambus_session"
#: Name of an ASGI extension: a function that gives a request's whole body if all of it is there already, else None.
#: It is taken then: whoever has it asks no more for it.
ARRIVED: Final = "sambus.arrived"
#: A token longer than this is none: it would only cost time to look at.
LONGEST_TOKEN: Final = 8_192

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class WebCode(StrEnum):
    """Why the gateway did not do what was asked. Safe as a metric label."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FOREIGN_PAGE = "FOREIGN_PAGE"
    ROLE_MISSING = "ROLE_MISSING"
    IDENTITY_UNREACHABLE = "IDENTITY_UNREACHABLE"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    REQUEST_INVALID = "REQUEST_INVALID"
    BODY_UNREADABLE = "BODY_UNREADABLE"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    MEDIA_TYPE_UNKNOWN = "MEDIA_TYPE_UNKNOWN"
    ENCODING_UNKNOWN = "ENCODING_UNKNOWN"
    EVENT_REJECTED = "EVENT_REJECTED"
    TOO_SLOW = "TOO_SLOW"
    TOO_MANY = "TOO_MANY"
    OVERLOADED = "OVERLOADED"
    BUS_UNREACHABLE = "BUS_UNREACHABLE"
    INTERNAL = "INTERNAL"
    CURSOR_INVALID = "CURSOR_INVALID"
    READ_LOG_DOWN = "READ_LOG_DOWN"
    READ_LOG_CLOSED = "READ_LOG_CLOSED"
    ARCHIVE_UNREACHABLE = "ARCHIVE_UNREACHABLE"
    STREAMS_TOO_MANY = "STREAMS_TOO_MANY"
    NOT_WAITING = "NOT_WAITING"
    SOURCE_PAUSED = "SOURCE_PAUSED"


#: Status, then title and remedy in Swedish and in English. The same for every request, so they hold no content.
TEXTS: Final[dict[WebCode, tuple[int, tuple[str, str], tuple[str, str]]]] = {
    WebCode.UNAUTHENTICATED: (
        401,
        ("Du är inte inloggad", "Ange en giltig token för en enhet i registret: Authorization: Bearer …"),
        ("You are not signed in", "Give a valid token of a desk in the gazetteer: Authorization: Bearer …"),
    ),
    WebCode.FOREIGN_PAGE: (
        403,
        ("Begäran kom från en annan webbplats", "Gör det från gatewayens egna sidor, eller skicka en token."),
        ("The request came from another site", "Do it from the gateway's own pages, or send a token."),
    ),
    WebCode.ROLE_MISSING: (
        403,
        ("Behörighet saknas", "Be den som förvaltar behörigheter om rollen som detta kräver."),
        ("The role for this is missing", "Ask whoever manages access for the role that this needs."),
    ),
    WebCode.IDENTITY_UNREACHABLE: (
        503,
        ("Inloggningstjänsten svarar inte", "Försök igen efter den tid som Retry-After anger."),
        ("The identity provider does not answer", "Try again after the time that Retry-After gives."),
    ),
    WebCode.NOT_FOUND: (
        404,
        ("Finns inte här", "Kontrollera adressen; se /openapi.json."),
        ("Not found here", "Check the address; see /openapi.json."),
    ),
    WebCode.METHOD_NOT_ALLOWED: (
        405,
        ("Metoden finns inte för adressen", "Använd en av metoderna i Allow."),
        ("The address has no such method", "Use one of the methods in Allow."),
    ),
    WebCode.REQUEST_INVALID: (
        400,
        ("Begäran är inte riktig", "Rätta det som pekarna visar; se /openapi.json."),
        ("The request is not right", "Correct what the pointers name; see /openapi.json."),
    ),
    WebCode.BODY_UNREADABLE: (
        400,
        ("Innehållet går inte att läsa", "Skicka hel JSON i UTF-8, packad som Content-Encoding anger."),
        ("The body cannot be read", "Send whole JSON in UTF-8, packed as Content-Encoding says."),
    ),
    WebCode.BODY_TOO_LARGE: (
        413,
        ("Innehållet är för stort", "Dela upp sändningen; skicka en pekare till stort material."),
        ("The body is too large", "Send it in parts; send a pointer to large material."),
    ),
    WebCode.MEDIA_TYPE_UNKNOWN: (
        415,
        ("Innehållstypen tas inte emot", "Ange en av de Content-Type som finns i /openapi.json."),
        ("The media type is not taken", "State one of the Content-Types in /openapi.json."),
    ),
    WebCode.ENCODING_UNKNOWN: (
        415,
        ("Packningen tas inte emot", "Skicka utan packning eller med gzip."),
        ("The content encoding is not taken", "Send it plain or with gzip."),
    ),
    WebCode.EVENT_REJECTED: (
        422,
        ("Händelsen är inte riktig", "Rätta det som pekarna visar och skicka den igen med samma id."),
        ("The event is not right", "Correct what the pointers name and send it again with the same id."),
    ),
    WebCode.TOO_SLOW: (
        408,
        ("Innehållet kom för långsamt", "Skicka mindre på en gång, eller över en bättre förbindelse."),
        ("The body came too slowly", "Send less at once, or over a better line."),
    ),
    WebCode.TOO_MANY: (
        429,
        ("Enheten sänder för fort", "Vänta den tid som Retry-After anger och skicka samma händelser igen."),
        ("The unit sends too fast", "Wait for the time that Retry-After gives and send the same events again."),
    ),
    WebCode.OVERLOADED: (
        503,
        ("Gatewayen har för mycket att göra", "Försök igen efter den tid som Retry-After anger."),
        ("The gateway has too much to do", "Try again after the time that Retry-After gives."),
    ),
    WebCode.BUS_UNREACHABLE: (
        503,
        ("Bussen svarar inte", "Skicka samma händelser igen, med samma id, efter den tid som Retry-After anger."),
        ("The bus does not answer", "Send the same events again, with the same ids, after the time of Retry-After."),
    ),
    WebCode.ARCHIVE_UNREACHABLE: (
        503,
        ("Arkivet svarar inte", "Försök igen efter den tid som Retry-After anger. Flödet går som vanligt."),
        ("The archive does not answer", "Try again after the time that Retry-After gives. The feed goes on."),
    ),
    WebCode.INTERNAL: (
        500,
        ("Fel i gatewayen", "Driften är underrättad. Försök igen; med samma id blir inget dubbelt."),
        ("A fault of the gateway", "Operations are told. Try again; with the same id nothing is doubled."),
    ),
    WebCode.CURSOR_INVALID: (
        400,
        ("Markören gäller inte här", "Använd en markör från samma prenumeration, eller börja från en tid (since)."),
        ("The cursor does not hold here", "Use a cursor of the same subscription, or begin at a time (since)."),
    ),
    WebCode.READ_LOG_DOWN: (
        503,
        ("Läsloggen kan inte skrivas, så inget visas", "Försök igen efter den tid som Retry-After anger."),
        ("The read log cannot be written, so nothing is shown", "Try again after the time that Retry-After gives."),
    ),
    WebCode.READ_LOG_CLOSED: (
        403,
        ("Den här porten får inte läsa läsloggen", "Sök med `sambus reads who` som Kafka-användaren operations."),
        ("This gateway may not read the read log", "Search with `sambus reads who` as the Kafka user operations."),
    ),
    WebCode.STREAMS_TOO_MANY: (
        429,
        ("Du har för många flöden öppna", "Stäng ett flöde och försök igen."),
        ("You have too many streams open", "Close a stream and try again."),
    ),
    WebCode.NOT_WAITING: (
        409,
        ("Posten väntar inte längre", "Den är redan skickad igen eller avskriven. Läs listan på nytt."),
        ("The record waits no more", "It was sent again or dropped already. Read the list anew."),
    ),
    WebCode.SOURCE_PAUSED: (
        429,
        (
            "Intaget från enheten är pausat: för mycket av det gick inte att ta emot",
            "Rätta felen som karantänen visar. Skicka samma händelser igen efter den tid som Retry-After anger.",
        ),
        (
            "Intake from the unit is paused: too much of it could not be accepted",
            "Mend the faults that quarantine shows. Send the same events again after the time of Retry-After.",
        ),
    ),
}


class PlaceBody(Model):
    """One thing that is wrong: a code, the JSON pointer of the place, and what would be right."""

    code: str
    pointer: str
    check: str | None = None
    remedy_sv: str
    remedy_en: str


class WebProblemBody(Model):
    """A problem as RFC 9457 has it. ``title`` and ``detail`` are in the language that Accept-Language prefers."""

    type: str
    title: str
    status: int
    detail: str
    code: WebCode
    errors: list[PlaceBody] = []


class WebProblem(Exception):  # noqa: N818 - it is an answer, not always an error of ours
    """An answer that is a problem: raise it anywhere below the gateway.

    Shape: ``errors`` are the places that are wrong; ``retry_after`` whole seconds; ``headers`` further ones.
    """

    def __init__(
        self,
        code: WebCode,
        errors: Iterable[Problem] = (),
        *,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.errors = tuple(errors)
        self.retry_after = retry_after
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return TEXTS[self.code][0]

    def answer_headers(self, lang: str) -> dict[str, str]:
        """The headers of the answer."""
        told = {"content-type": PROBLEM_JSON, "content-language": lang, **self.headers}
        if self.retry_after is not None:
            told["retry-after"] = str(self.retry_after)
        if self.code is WebCode.UNAUTHENTICATED:
            told.setdefault("www-authenticate", "Bearer")
        return told

    def body(self, lang: str) -> dict[str, Any]:
        """The answer as RFC 9457 has it, with our ``code`` and, when places are wrong, ``errors``."""
        status, sv, en = TEXTS[self.code]
        title, detail = sv if lang == "sv" else en
        told: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": title,
            "status": status,
            "detail": detail,
            "code": self.code.value,
        }
        if self.errors:
            told["errors"] = [problem_json(problem) for problem in self.errors]
        return told


def problem_json(problem: Problem) -> dict[str, str]:
    """One thing that is wrong, as every interface of the bus tells it."""
    told = {"code": problem.code.value, "pointer": problem.pointer}
    if problem.check is not None:
        told["check"] = problem.check.value
    return told | {"remedy_sv": problem.remedy_sv, "remedy_en": problem.remedy_en}


def headers_of(scope: Mapping[str, Any]) -> dict[bytes, bytes]:
    """The headers of an ASGI request, by name; one that is there twice is empty: nobody can tell which is meant."""
    pairs = scope["headers"]
    told: dict[bytes, bytes] = dict(pairs)
    if len(told) != len(pairs):
        names = [name for name, _ in pairs]
        told |= {name: b"" for name in told if names.count(name) > 1}
    return told


def language_of(scope: Mapping[str, Any]) -> str:
    """Swedish or English, whichever the request prefers; Swedish when it prefers neither."""
    asked: list[tuple[float, int, str]] = []
    for place, part in enumerate(headers_of(scope).get(b"accept-language", b"").decode("latin-1").split(",")[:20]):
        name, _, quality = part.strip().partition(";")
        primary = name.split("-")[0].lower()
        if primary in {"sv", "en"}:
            asked.append((-_quality(quality), place, primary))
    best = min(asked, default=(0.0, 0, "sv"))
    return best[2] if best[0] < 0 else "sv"


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if not text:
        return 1.0
    try:
        return min(1.0, max(0.0, float(value))) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def credentials_of(scope: Mapping[str, Any], headers: Mapping[bytes, bytes] | None = None) -> Credentials:
    """What an ASGI request brought to prove who asks.

    Shape: ``headers`` are its headers, if the caller has them already. What counts is a bearer token, else the session
    of a page, else the certificate that TLS has verified (ASGI: ``tls``).
    A session counts for a change only when the page that asks is the gateway's own: else any site could use it.
    """
    headers = headers_of(scope) if headers is None else headers
    authorization = headers.get(b"authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(b" ")
        token = token.strip()
        if scheme.lower() != b"bearer" or not 0 < len(token) <= LONGEST_TOKEN:
            return Credentials(refused=RefusalCode.MALFORMED)
        return Credentials(token=token.decode("latin-1"))
    session = _cookie(headers, SESSION_COOKIE)
    if session:
        if scope.get("method") not in _SAFE_METHODS and not _own_page(headers):
            return Credentials(refused=RefusalCode.FOREIGN_PAGE)
        return Credentials(token=session)
    chain = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain")
    return Credentials(certificate=chain[0]) if chain else Credentials(refused=RefusalCode.MISSING)


def _cookie(headers: Mapping[bytes, bytes], wanted: str) -> str | None:
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted and len(value) <= LONGEST_TOKEN:
            return value
    return None


def _own_page(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the browser says that one of the gateway's own pages asks."""
    site, origin, host = (headers.get(name) for name in (b"sec-fetch-site", b"origin", b"host"))
    if site is None and origin is None:
        return False
    same_origin = origin is None or (bool(host) and origin.partition(b"://")[2] == host)
    return site in {None, b"same-origin"} and same_origin


async def identified(
    scope: Mapping[str, Any],
    authenticator: Authenticator,
    role: Role | None = None,
    headers: Mapping[bytes, bytes] | None = None,
) -> Identity:
    """Who asks, with the role that is needed.

    Shape: ``headers`` are the request's, if the caller has them already.
    Errors: ``WebProblem`` 401, 403, or 503 when nobody can tell who it is.
    """
    credentials = credentials_of(scope, headers)
    found = await authenticator.identify(credentials) if credentials.refused is None else None
    if isinstance(found, Identity):
        if role is not None and role not in found.roles:
            raise WebProblem(WebCode.ROLE_MISSING)
        return found
    code = found.code if found is not None else credentials.refused
    if code is RefusalCode.UNREACHABLE:
        raise WebProblem(WebCode.IDENTITY_UNREACHABLE, retry_after=5)
    if code is RefusalCode.FOREIGN_PAGE:
        raise WebProblem(WebCode.FOREIGN_PAGE)
    challenge = "Bearer" if code is RefusalCode.MISSING else 'Bearer error="invalid_token"'
    raise WebProblem(WebCode.UNAUTHENTICATED, headers={"www-authenticate": challenge})
