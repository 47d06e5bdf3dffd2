"""Signing in from a page: by the issuer's own page and PKCE; the token stays in a cookie that no script can read.

Source: OAuth 2.1 (authorization code with PKCE), RFC 9207 (``iss`` in the answer), OAuth 2.0 for Browser-Based
Applications (the backend keeps the token).
"""

import secrets
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from deploy.identity.keys import described
from deploy.identity.local.codes import challenge_of
from schemas.identity import Clearances, Credentials, Identity, Role
from schemas.web import SESSION_COOKIE, WebCode, WebProblem, identified
from schemas.web_answers import PROBLEMS

#: Between the way to the issuer and back: state, nonce, verifier and where to go then.
_TRIP_COOKIE: Final = "sambus_signing_in"
#: Seconds that a person has on the issuer's page, and that the issuer has to answer.
_TRIP_S, _TIMEOUT_S = 600, 10.0
_CALLBACK: Final = "/auth/callback"
_PARTS_OF_A_TRIP: Final = 3


class Me(BaseModel):
    """Who is signed in, for their own screen."""

    name: str | None
    desk: str
    unit: str
    unit_name: str
    function: str
    roles: list[Role]
    clearances: Clearances
    circles: list[str]


class _Trip(NamedTuple):
    state: str
    verifier: str
    then: str

    @classmethod
    def of(cls, request: Request) -> "_Trip | None":
        parts = request.cookies.get(_TRIP_COOKIE, "").split("|", _PARTS_OF_A_TRIP - 1)
        return cls(*parts) if len(parts) == _PARTS_OF_A_TRIP else None


class _Login:
    """The four steps: to the issuer, back from it, who am I, and out."""

    def __init__(self, context: Context, issuer: str) -> None:
        self._context = context
        self._issuer = issuer
        self._secure = context.address.startswith("https:")

    async def leave(self, then: str) -> Response:
        """Send the person to the issuer's page."""
        trip = _Trip(secrets.token_urlsafe(24), secrets.token_urlsafe(48), then if _local(then) else "/")
        asked = {
            "response_type": "code",
            "client_id": self._context.client_id,
            "redirect_uri": f"{self._context.address}{_CALLBACK}",
            "scope": "openid",
            "state": trip.state,
            "code_challenge": challenge_of(trip.verifier),
            "code_challenge_method": "S256",
        }
        issuer = await self._described()
        answer = RedirectResponse(f"{issuer['authorization_endpoint']}?{urlencode(asked)}", 303)
        self._set(answer, _TRIP_COOKIE, "|".join(trip), _TRIP_S, "lax", "/auth")
        return answer

    async def arrive(self, request: Request, code: str, state: str, issuer: str | None) -> Response:
        """Take the person back: exchange the code, believe the token only if anybody's would be, keep it."""
        trip = _Trip.of(request)
        if trip is None or not secrets.compare_digest(trip.state.encode(), state.encode()):
            raise WebProblem(WebCode.UNAUTHENTICATED)
        if issuer not in {None, self._issuer}:
            raise WebProblem(WebCode.UNAUTHENTICATED)
        token, lifetime = await self._exchange(code, trip.verifier)
        if not isinstance(await self._context.authenticator.identify(Credentials(token=token)), Identity):
            raise WebProblem(WebCode.UNAUTHENTICATED)
        answer = RedirectResponse(trip.then, 303)
        answer.delete_cookie(_TRIP_COOKIE, path="/auth")
        self._set(answer, SESSION_COOKIE, token, lifetime, "strict", "/")
        return answer

    async def me(self, request: Request) -> Me:
        """Who is signed in."""
        found = await identified(request.scope, self._context.authenticator)
        unit = self._context.gazetteer.unit(found.unit)
        return Me(
            name=found.name,
            desk=found.desk,
            unit=found.unit,
            unit_name=unit.name if unit is not None else found.unit,
            function=found.function,
            roles=sorted(found.roles),
            clearances=found.clearances,
            circles=sorted(found.circles),
        )

    async def _described(self) -> dict[str, Any]:
        try:
            return await described(self._issuer, self._context.http)
        except (httpx.HTTPError, ValueError):
            raise WebProblem(WebCode.IDENTITY_UNREACHABLE, retry_after=5) from None

    async def _exchange(self, code: str, verifier: str) -> tuple[str, int]:
        issuer = await self._described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self._context.address}{_CALLBACK}",
            "client_id": self._context.client_id,
            "code_verifier": verifier,
        }
        secret = self._context.client_secret
        proof = httpx.BasicAuth(self._context.client_id, secret) if secret else None
        try:
            answer = await self._context.http.post(
                issuer["token_endpoint"], data=form, auth=proof or httpx.USE_CLIENT_DEFAULT, timeout=_TIMEOUT_S
            )
            told = answer.json() if answer.status_code == httpx.codes.OK else {}
            return str(told["access_token"]), int(told["expires_in"])
        except httpx.HTTPError:
            raise WebProblem(WebCode.IDENTITY_UNREACHABLE, retry_after=5) from None
        except (ValueError, KeyError, TypeError):
            raise WebProblem(WebCode.UNAUTHENTICATED) from None

    def _set(self, answer: Response, name: str, value: str, seconds: int, site: Any, path: str) -> None:
        answer.set_cookie(name, value, seconds, path=path, secure=self._secure, httponly=True, samesite=site)


def part(context: Context) -> Part:
    """The part; without an issuer there is nowhere to sign in."""
    if context.issuer is None:
        return Part("login")
    login = _Login(context, context.issuer)
    router = APIRouter(prefix="/auth", tags=["sign in"])

    @router.get("/login", status_code=303, response_class=Response, responses=PROBLEMS(400, 503))
    async def leave(then: Annotated[str, Query(max_length=500)] = "/") -> Response:
        """Go to the issuer's page, and come back signed in."""
        return await login.leave(then)

    @router.get("/callback", status_code=303, response_class=Response, responses=PROBLEMS(400, 401, 503))
    async def arrive(
        request: Request,
        code: Annotated[str, Query(max_length=4000)],
        state: Annotated[str, Query(max_length=200)],
        iss: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """Where the issuer sends the person back."""
        return await login.arrive(request, code, state, iss)

    @router.get("/me", responses=PROBLEMS(401, 403, 503))
    async def me(request: Request) -> Me:
        """Who is signed in."""
        return await login.me(request)

    @router.post("/logout", status_code=204, response_class=Response, responses=PROBLEMS(401, 403, 503))
    async def out(request: Request) -> Response:
        """Forget the session in this browser."""
        await identified(request.scope, context.authenticator)
        answer = Response(status_code=204)
        answer.delete_cookie(SESSION_COOKIE, path="/")
        return answer

    return Part("login", (router,))


def _local(path: str) -> bool:
    """Whether this is a path of the gateway's own: nobody is to be sent elsewhere by a link to here."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
