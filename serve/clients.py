"""Clients: whose a request is, and how much of what there is one of them may hold."""

import ipaddress
from collections import Counter

from starlette.requests import HTTPConnection

from serve.config import is_loopback

_SHARE = 4
"""One client may hold a fourth of the places,"""
_FEW = 4
"""or so many where there are few: a page shows two analyses, and follows a game besides."""
_IPV6_NETWORK_BITS = 64
"""What a household or a server is given at the least (RFC 6177)."""


def client_of(connection: HTTPConnection) -> str:
    """Returns the name of whoever sent a request, for limits to be held against."""
    return client_at(connection.client.host if connection.client else "")


def client_at(host: str) -> str:
    """Returns the name of the client at an address: the address, or an IPv6 one's /64 network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback or address.is_link_local:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _IPV6_NETWORK_BITS), strict=False))


def share_of(most: int) -> int:
    """Returns how many of `most` places one client may take: never all, if there are two."""
    return max(most // _SHARE, min(_FEW, most - 1), 1)


class Places:
    """Places that clients take and leave: so many in all, and a share of them for each client."""

    def __init__(self, most: int, *, share: int | None = None, all_for_local: bool) -> None:
        """Begins with no place taken.

        Args:
            most: places in all.
            share: of one client; by default `share_of(most)`.
            all_for_local: whether clients on this machine may take them all: they are not a proxy's.
        """
        self.most, self._share = most, share_of(most) if share is None else share
        self._all_for_local = all_for_local
        self._taken: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._taken.total()

    def has_room(self) -> bool:
        """Returns whether any place is left."""
        return len(self) < self.most

    def taken_by(self, client: str) -> int:
        """Returns how many places a client has."""
        return self._taken[client]

    def share_for(self, client: str) -> int:
        """Returns how many it may have."""
        is_trusted = self._all_for_local and is_loopback(client)
        return self.most if is_trusted else self._share

    def take(self, client: str) -> bool:
        """Takes a place for a client; returns False, taking none, if it may have no more."""
        if not self.has_room() or self.taken_by(client) >= self.share_for(client):
            return False
        self._taken[client] += 1
        return True

    def refusal(self, client: str, what: str) -> str:
        """Returns in words why a client may take no place, such as for `searches`."""
        if self.has_room():
            return (
                f"expected at most {self.share_for(client)} {what} of one client at once, got more"
            )
        return f"expected at most {self.most} {what} at once, got one more"

    def leave(self, client: str) -> None:
        """Gives a place of a client back."""
        self._taken[client] -= 1
        if not self._taken[client]:
            del self._taken[client]
