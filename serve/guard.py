"""Holds for every request: who may send it, how big and slow it may be, what pages may do with answers."""

import asyncio
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.access import TokenCheck, asks_for_page, locked_page
from serve.config import ANY_HOST, ServeConfig, host_name, is_loopback
from serve.errors import error_response
from serve.proxy import seen_through_proxy

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
_NO_TOKEN = "no_token"
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
        self._public_name = config.public_name.lower() if config.public_name else None
        self._max_body_bytes, self._body_s = config.max_body_bytes, config.request_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or passes it on to the app."""
        if self._public_name and scope["type"] != "lifespan":
            scope = seen_through_proxy(scope)
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
            encrypted_only = connection.url.scheme == "https"
            self._token.remember(response, encrypted_only=encrypted_only)
            await response(scope, receive, send)
            return
        body = refusal or await self._read_body(receive)
        if isinstance(body, _Refusal):
            await _answer(connection, body)(scope, receive, send)
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
        if not self._is_own(host):
            own = self._public_name or self._host
            message = f"expected the host localhost or {own}, got {host!r}; see --public-name"
            return _Refusal(HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", message)
        if origin is not None and not self._is_own_page(origin, host):
            message = f"expected a request from a page of {host}, got one from {origin!r}"
            return _Refusal(HTTPStatus.FORBIDDEN, "foreign_origin", message)
        if self._token and not self._token.admits(connection):
            message = "expected the server's token, got none or another; open /?token=... once"
            return _Refusal(HTTPStatus.UNAUTHORIZED, _NO_TOKEN, message)
        return None

    def _is_own(self, host: str) -> bool:
        """Returns whether a Host header names this machine, or the server by an address or name of its."""
        if self._host is None:
            return True
        name = host_name(host)
        return name == self._host or is_loopback(name) or self._is_public(name)

    def _is_own_page(self, origin: str, host: str) -> bool:
        """Returns whether an Origin header names the host that was asked, or the public one."""
        site = _origin_host(origin)
        return bool(site) and site in (host.lower(), self._public_name)

    def _is_public(self, name: str) -> bool:
        return self._public_name is not None and name == host_name(self._public_name)

    def _refuse_length(self, headers: Headers) -> _Refusal | None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_body_bytes:
            return self._too_large()
        return None

    def _too_large(self) -> _Refusal:
        message = f"expected a body of at most {self._max_body_bytes} bytes, got a larger one"
        return _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)

    async def _read_body(self, receive: Receive) -> bytes | _Refusal:
        """Returns the whole body, or why it is refused as soon as it is too large or too slow."""
        body, more = b"", True
        try:
            async with asyncio.timeout(self._body_s):
                while more:
                    message = await receive()
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > self._max_body_bytes:
                        return self._too_large()
        except TimeoutError:
            slow = f"expected a whole body within {self._body_s:g} s, got {len(body)} bytes of it"
            return _Refusal(HTTPStatus.REQUEST_TIMEOUT, "too_slow", slow)
        return body


def _answer(connection: HTTPConnection, refusal: _Refusal) -> Response:
    """Returns the refusal, with which the connection ends: a body may still be on its way."""
    if refusal.code == _NO_TOKEN and asks_for_page(connection):
        response: Response = locked_page()
    else:
        response = error_response(*refusal)
    response.headers["Connection"] = "close"
    return response


def _origin_host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


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
