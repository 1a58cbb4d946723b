"""The secret of a server that others can reach: in a header, a cookie, or once in the address."""

from http import HTTPStatus
from secrets import compare_digest
from urllib.parse import urlencode

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

COOKIE = "aztoolkit_token"
_PARAMETER = "token"
_BEARER = "bearer "
_COOKIE_AGE_S = 30 * 24 * 3600
_LOCKED_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_LOCKED_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>aztoolkit</title>
<h1>This server asks for a token</h1>
<p>It is the secret that the server was started with (<code>--token</code>). This browser sent none, or
another one. It is asked for once, and then remembered.</p>
<form action="/">
<p><label>Token <input name="{_PARAMETER}" type="password" required autofocus
autocomplete="current-password"></label> <button>Open</button></p>
</form>
</html>
"""


class TokenCheck:
    """Compares in a time that tells nothing about how much of a guess was right."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def admits(self, connection: HTTPConnection) -> bool:
        """Returns whether a request or handshake carries the token."""
        header = connection.headers.get("authorization", "")
        bearer = header[len(_BEARER) :] if header.lower().startswith(_BEARER) else ""
        guesses = (bearer, connection.cookies.get(COOKIE, ""), _parameter(connection))
        return any(compare_digest(guess.encode(), self._token) for guess in guesses)

    def entrance(self, connection: HTTPConnection) -> str | None:
        """Returns the address without the token, for a request that has it in its address."""
        if not _parameter(connection):
            return None
        query = connection.query_params.multi_items()
        rest = [(name, value) for name, value in query if name != _PARAMETER]
        path = "/" + connection.url.path.lstrip("/")  # `//host` would lead elsewhere
        return f"{path}?{urlencode(rest)}" if rest else path

    def remember(self, response: Response, *, encrypted_only: bool) -> None:
        """Has the browser send the token from now on."""
        response.set_cookie(
            COOKIE,
            self._token.decode(),
            max_age=_COOKIE_AGE_S,
            httponly=True,
            samesite="lax",
            secure=encrypted_only,
        )


def asks_for_page(connection: HTTPConnection) -> bool:
    """Returns whether a person at a browser waits for the answer, not a program or a script."""
    return (
        connection.scope["type"] == "http"
        and connection.scope["method"] == "GET"
        and "text/html" in connection.headers.get("accept", "")
    )


def locked_page() -> HTMLResponse:
    """Returns the page for a browser that has no token, or a wrong one: it asks for it."""
    headers = {"Content-Security-Policy": _LOCKED_POLICY, "WWW-Authenticate": "Bearer"}
    return HTMLResponse(_LOCKED_PAGE, HTTPStatus.UNAUTHORIZED, headers)


def _parameter(connection: HTTPConnection) -> str:
    return connection.query_params.get(_PARAMETER, "")
