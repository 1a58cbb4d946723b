"""The secret of a server that others can reach: in a header, a cookie, or once in the address."""

from secrets import compare_digest
from urllib.parse import urlencode

from starlette.requests import HTTPConnection
from starlette.responses import Response

COOKIE = "aztoolkit_token"
_PARAMETER = "token"
_BEARER = "bearer "
_COOKIE_AGE_S = 30 * 24 * 3600


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

    def remember(self, response: Response) -> None:
        """Has the browser send the token from now on."""
        response.set_cookie(
            COOKIE, self._token.decode(), max_age=_COOKIE_AGE_S, httponly=True, samesite="lax"
        )


def _parameter(connection: HTTPConnection) -> str:
    return connection.query_params.get(_PARAMETER, "")
