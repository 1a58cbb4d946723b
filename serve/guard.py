"""Holds for every request: who may send it, how big it may be, what pages may do with answers."""

import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.config import ANY_HOST, ServeConfig
from serve.errors import error_response

_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}


class Guard:
    """Wraps an app: refuses foreign hosts and origins and big bodies, adds security headers."""

    def __init__(self, app: ASGIApp, *, config: ServeConfig) -> None:
        self._app = app
        self._hosts = None if config.host in ANY_HOST else _LOCAL_HOSTS | {config.host.lower()}
        self._max_body_bytes = config.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or passes it on to the app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send, str(scope["path"]))
        refusal = self._refusal(Headers(scope=scope))
        body = None if refusal else await self._read_body(receive)
        if refusal or body is None:
            status, code, message = refusal or self._too_large()
            await error_response(status, code, message)(scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)

    def _refusal(self, headers: Headers) -> tuple[HTTPStatus, str, str] | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._hosts is not None and not _is_among(host, self._hosts):
            expected = ", ".join(sorted(self._hosts))
            message = f"expected one of the hosts {expected}, got {host!r}; see --host"
            return HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", message
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            message = f"expected a request from a page of {host}, got one from {origin!r}"
            return HTTPStatus.FORBIDDEN, "foreign_origin", message
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_body_bytes:
            return self._too_large()
        return None

    def _too_large(self) -> tuple[HTTPStatus, str, str]:
        message = f"expected a body of at most {self._max_body_bytes} bytes, got a larger one"
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message

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


def _is_among(host: str, hosts: set[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in hosts or _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


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
            headers["Cache-Control"] = _cache_control(path, int(message["status"]))
        await send(message)

    return sending


def _cache_control(path: str, status: int) -> str:
    if path.startswith("/api/"):
        return "no-store"
    fresh_for_ever = path.startswith("/assets/") and status == HTTPStatus.OK  # named by their hash
    return "public, max-age=31536000, immutable" if fresh_for_ever else "no-cache"
