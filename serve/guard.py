"""Holds for every request: who may send it, how big it may be, what pages may do with answers."""

from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.access import TokenCheck
from serve.config import ANY_HOST, ServeConfig, is_loopback
from serve.errors import error_response

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; manifest-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
REPORT_POLICY = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For the reports' pages, which bring their style with them and run nothing."""
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class _Refusal(NamedTuple):
    status: HTTPStatus
    code: str
    message: str


class Guard:
    """Wraps an app: refuses strangers, foreign hosts and origins, big bodies; adds security headers."""

    def __init__(self, app: ASGIApp, *, config: ServeConfig) -> None:
        self._app = app
        self._host = None if config.host in ANY_HOST else config.host.lower()
        self._token = TokenCheck(config.token) if config.token else None
        self._max_body_bytes = config.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or passes it on to the app."""
        if scope["type"] == "websocket":
            await self._guard_websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._guard_request(scope, receive, _with_headers(send, str(scope["path"])))
        else:
            await self._app(scope, receive, send)

    async def _guard_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        refusal = self._refusal(connection) or self._refuse_length(connection.headers)
        if self._token and refusal is None and (url := self._token.entrance(connection)):
            response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
            self._token.remember(response)
            await response(scope, receive, send)
            return
        body = None if refusal else await self._read_body(receive)
        if refusal or body is None:
            await error_response(*(refusal or self._too_large()))(scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)

    async def _guard_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(HTTPConnection(scope))
        if refusal is None:
            await self._app(scope, receive, send)
        elif "websocket.http.response" in scope.get("extensions", {}):
            await error_response(*refusal)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})

    def _refusal(self, connection: HTTPConnection) -> _Refusal | None:
        """Returns why a request is refused before its body is read."""
        host, origin = connection.headers.get("host", ""), connection.headers.get("origin")
        if self._host is not None and not _names(host, self._host):
            message = f"expected the host localhost or {self._host}, got {host!r}; see --host"
            return _Refusal(HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", message)
        if origin is not None and _origin_host(origin) != host.lower():
            message = f"expected a request from a page of {host}, got one from {origin!r}"
            return _Refusal(HTTPStatus.FORBIDDEN, "foreign_origin", message)
        if self._token and not self._token.admits(connection):
            message = "expected the server's token, got none or another; open /?token=... once"
            return _Refusal(HTTPStatus.UNAUTHORIZED, "no_token", message)
        return None

    def _refuse_length(self, headers: Headers) -> _Refusal | None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_body_bytes:
            return self._too_large()
        return None

    def _too_large(self) -> _Refusal:
        message = f"expected a body of at most {self._max_body_bytes} bytes, got a larger one"
        return _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)

    async def _read_body(self, receive: Receive) -> bytes | None:
        """Returns the whole body, or None as soon as it is too large."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._max_body_bytes:
                return None
        return body


def _names(host: str, own: str) -> bool:
    """Returns whether a Host header names this machine or the address that we listen on."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == own or is_loopback(name)


def _origin_host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Returns a `receive` that gives `body` once, and then whatever comes."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _with_headers(send: Send, path: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_SECURITY_HEADERS)
            headers.setdefault("Content-Security-Policy", _POLICY)
            headers["Cache-Control"] = _cache_control(path, int(message["status"]))
        await send(message)

    return sending


def _cache_control(path: str, status: int) -> str:
    if path.startswith("/api/") or path == "/metrics":
        return "no-store"
    fresh_for_ever = path.startswith("/assets/") and status == HTTPStatus.OK  # named by their hash
    return "public, max-age=31536000, immutable" if fresh_for_ever else "no-cache"
