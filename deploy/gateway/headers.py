"""Headers that every answer has: what a browser may load, and that it keeps and tells nothing."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Scripts, styles and images of our own alone; no frames, no plugins, nothing inline.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), payment=(), usb=(), geolocation=(self)",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
_TLS_ONLY: Final = ("strict-transport-security", "max-age=31536000")


def always(policy: str = POLICY, *, secure: bool) -> list[tuple[bytes, bytes]]:
    """The headers of every answer; over TLS one more."""
    told = [*_ALWAYS.items(), ("content-security-policy", policy), *([_TLS_ONLY] if secure else [])]
    return [(name.encode(), value.encode()) for name, value in told]


class SecurityHeaders:
    """Adds the headers to each answer, but those that the answer has already."""

    def __init__(self, app: ASGIApp, policy: str = POLICY) -> None:
        self._app = app
        self._headers = {scheme: always(policy, secure=scheme == "https") for scheme in ("http", "https")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = self._headers[scope["scheme"]]

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = list(message.get("headers", ()))
                names = {name.lower() for name, _ in told}
                message = {**message, "headers": told + [pair for pair in headers if pair[0] not in names]}
            await send(message)

        await self._app(scope, receive, headed)
