"""The local provider as a web application: discovery, keys, a page to pick a made-up person, tokens."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.gateway.headers import SecurityHeaders
from deploy.identity.local.codes import Codes, asked_by
from deploy.identity.local.page import login_page, refused_page, style
from deploy.identity.local.people import CHANGES, desks_like, person_of
from deploy.identity.local.signing import ALGORITHM, LIFETIME, Signer
from deploy.identity.tokens import AUDIENCE
from schemas.admission import desk_known
from schemas.gazetteer import Gazetteer, load_gazetteer

#: The gateway's pages as a client; it is public and proves itself by PKCE.
CLIENT: Final = "sambus-page"
_MOST_FORM_BYTES: Final = 16_384
#: The answer to a person's choice sends the browser back to the gateway, which is on another port.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self' http://127.0.0.1:* http://localhost:*; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class LocalProvider:
    """Gives tokens of made-up people. An ASGI application.

    Shape: ``POST /token`` with ``grant_type=client_credentials`` and ``desk=UNIT/FUNCTION`` gives a token at once, for
    scripts and tests; ``roles``, ``sensitivity``, ``marks`` and ``circles`` (several by spaces) change the person.
    """

    def __init__(self, signer: Signer, gazetteer: Gazetteer | None = None, audience: str = AUDIENCE) -> None:
        self.signer = signer
        self._audience = audience
        self._gazetteer = gazetteer or load_gazetteer()
        self._codes = Codes()
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/authorize", self._chosen, methods=["POST"]),
            Route("/token", self._token, methods=["POST"]),
            Route("/style.css", self._style),
        ]
        self._app: ASGIApp = _OnThisMachine(SecurityHeaders(Starlette(routes=routes), policy=_POLICY))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._app(scope, receive, send)

    def token_of(self, desk: str, changes: Mapping[str, list[str]] | None = None) -> str:
        """A token of a desk's made-up person. Errors: ``ValueError``."""
        if not desk_known(desk, self._gazetteer):
            raise ValueError("there is no such desk")
        return self.signer.token({"aud": self._audience, "client_id": "script", **person_of(desk, changes)})

    async def _discovery(self, _: Request) -> Response:
        issuer = self.signer.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "scopes_supported": ["openid"],
            }
        )

    async def _keys(self, _: Request) -> Response:
        return JSONResponse(self.signer.public_keys())

    async def _authorize(self, request: Request) -> Response:
        parameters = dict(request.query_params)
        asked = asked_by(parameters, frozenset({CLIENT}))
        if asked is None:
            return HTMLResponse(refused_page(), 400)
        searched = parameters.get("q", "")[:100]
        return HTMLResponse(login_page(asked.fields, searched, desks_like(searched, self._gazetteer)))

    async def _chosen(self, request: Request) -> Response:
        form = await _form(request)
        asked = asked_by(form, frozenset({CLIENT}))
        if asked is None or not desk_known(form.get("desk", ""), self._gazetteer):
            return HTMLResponse(refused_page(), 400)
        code = self._codes.give(asked, person_of(form["desk"]))
        back = urlencode({"code": code, "state": asked.state, "iss": self.signer.issuer})
        joined = "&" if "?" in asked.redirect_uri else "?"
        return RedirectResponse(f"{asked.redirect_uri}{joined}{back}", 303)

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("grant_type") == "authorization_code":
            return self._exchanged(form)
        if form.get("grant_type") == "client_credentials":
            changes = {name: form[name].split() for name in CHANGES if name in form}
            try:
                return _granted(self.token_of(form.get("desk", ""), changes))
            except ValueError:
                return _refused(
                    "invalid_request", "desk=UNIT/FUNCTION of the gazetteer, and claims of schemas/identity.py"
                )
        return _refused("unsupported_grant_type", "authorization_code or client_credentials")

    def _exchanged(self, form: Mapping[str, str]) -> Response:
        found = self._codes.exchange(form)
        if found is None:
            return _refused("invalid_grant", "the code, its client, its address or its verifier is not right")
        asked, claims = found
        nonce = {"nonce": asked.nonce} if asked.nonce else {}
        access = self.signer.token({"aud": self._audience, "client_id": asked.client_id, **claims})
        proof = {"aud": asked.client_id, "sub": claims["sub"], "name": claims["name"], **nonce}
        return _granted(access, id_token=self.signer.token(proof, kind="JWT"))

    async def _style(self, _: Request) -> Response:
        return Response(style(), media_type="text/css")


class _OnThisMachine:
    """Answers only requests that name this machine: no page elsewhere reaches it by a name of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = next((value for name, value in scope["headers"] if name == b"host"), b"")
            if host.rpartition(b":")[0] not in {b"127.0.0.1", b"localhost"}:
                await Response("Only 127.0.0.1 is answered.", 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; none when it is no small form, and no field that is there twice."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_FORM_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def _granted(token: str, **more: Any) -> Response:
    told = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME, **more}
    return JSONResponse(told, headers={"cache-control": "no-store"})


def _refused(error: str, why: str) -> Response:
    return JSONResponse({"error": error, "error_description": why}, 400)
