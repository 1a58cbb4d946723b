"""What a proxy on this machine says of the requests that it passes on."""

import ipaddress

from starlette.datastructures import Headers
from starlette.types import Scope

from serve.config import is_loopback

_ENCRYPTED = {"http": "https", "websocket": "wss"}


def seen_through_proxy(scope: Scope) -> Scope:
    """Returns a request as its sender sent it: from their address, encrypted if it was.

    Of `X-Forwarded-For` only the last address counts, which the proxy itself has added; whatever stands
    before it may be the sender's invention. What does not come from this machine stays as it is.
    """
    peer = scope.get("client")
    if peer is None or not is_loopback(peer[0]):
        return scope
    headers, seen = Headers(scope=scope), dict(scope)
    forwarded = ",".join(headers.getlist("x-forwarded-for")).split(",")[-1].strip()
    if _is_address(forwarded):
        seen["client"] = (forwarded, 0)
    if headers.get("x-forwarded-proto", "").lower() == "https":
        seen["scheme"] = _ENCRYPTED[scope["type"]]
    return seen


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
