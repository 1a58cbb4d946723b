"""Behind a proxy on the same machine: names, clients, and what they may have."""

from http.cookies import SimpleCookie

import pytest
from pydantic import ValidationError
from starlette.types import Scope

from serve.catalog import Catalog
from serve.config import ServeConfig
from serve.proxy import seen_through_proxy
from tests.serve.conftest import connect
from tests.serve.test_access import TOKEN
from tests.serve.test_api import refusal

NAME = "chess.example.org"


def scope_of(peer: str, **headers: str) -> Scope:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "scheme": "http", "client": (peer, 1), "headers": raw}


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("10.9.8.7, 127.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.7, nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_client_is_the_last_that_the_proxy_names(forwarded: str, client: str) -> None:
    seen = seen_through_proxy(scope_of("127.0.0.1", x_forwarded_for=forwarded))
    assert seen["client"][0] == client


def test_last_of_several_headers_counts() -> None:
    scope = scope_of("::1", x_forwarded_for="10.9.8.7")
    scope["headers"].append((b"x-forwarded-for", b"203.0.113.7"))
    assert seen_through_proxy(scope)["client"][0] == "203.0.113.7"


def test_other_machines_are_not_believed() -> None:
    scope = scope_of("203.0.113.9", x_forwarded_for="127.0.0.1", x_forwarded_proto="https")
    assert seen_through_proxy(scope) == scope


def test_encryption_is_the_proxys_to_tell() -> None:
    seen = seen_through_proxy(scope_of("127.0.0.1", x_forwarded_proto="https"))
    assert seen["scheme"] == "https"


@pytest.mark.anyio
@pytest.mark.parametrize("public_name", [NAME, f"{NAME}:8443", NAME.title()])
async def test_public_name_is_host_and_origin(catalog: Catalog, public_name: str) -> None:
    origin = f"https://{public_name.lower()}"
    async with connect(catalog, public_name=public_name) as client:
        for host in (public_name, "127.0.0.1:8000"):
            headers = {"Host": host, "Origin": origin}
            answer = await client.post("/api/games", headers=headers, json={})
            assert answer.status_code == 201
        for foreign in ("https://evil.example", f"https://{NAME}.evil.example", "null"):
            headers = {"Host": public_name, "Origin": foreign}
            await refusal(client, "POST", "/api/games", 403, headers=headers, json={})
        await refusal(client, "GET", "/api/health", 421, headers={"Host": "evil.example"})


@pytest.mark.anyio
async def test_public_name_is_foreign_unless_it_is_announced(catalog: Catalog) -> None:
    async with connect(catalog) as client:
        await refusal(client, "GET", "/api/health", 421, headers={"Host": NAME})
        headers = {"Origin": f"https://{NAME}"}
        await refusal(client, "POST", "/api/games", 403, headers=headers, json={})


@pytest.mark.anyio
async def test_clients_behind_a_proxy_are_limited_one_by_one(catalog: Catalog) -> None:
    async with connect(catalog, public_name=NAME, rate_per_s=1e-4, burst=2) as client:
        for address in ("203.0.113.1", "203.0.113.2"):
            headers = {"X-Forwarded-For": address}
            for _ in range(2):
                assert (await client.post("/api/games", headers=headers, json={})).is_success
            await refusal(client, "POST", "/api/games", 429, headers=headers, json={})


@pytest.mark.anyio
async def test_who_a_client_says_it_is_counts_for_nothing_without_a_proxy(catalog: Catalog) -> None:
    async with connect(catalog, rate_per_s=1e-4, burst=1, max_games=8) as client:
        for _ in range(8):
            headers = {"X-Forwarded-For": "203.0.113.1"}
            assert (await client.post("/api/games", headers=headers, json={})).is_success
        assert (await client.get("/api/health")).json()["games"] == 8


@pytest.mark.anyio
@pytest.mark.parametrize(("proto", "secure"), [("https", True), ("http", "")])
async def test_cookie_stays_encrypted_where_the_connection_is(
    catalog: Catalog, proto: str, secure: object
) -> None:
    async with connect(catalog, public_name=NAME, token=TOKEN) as client:
        headers = {"X-Forwarded-Proto": proto}
        answer = await client.get("/", params={"token": TOKEN}, headers=headers)
        cookie = SimpleCookie(answer.headers["Set-Cookie"])["aztoolkit_token"]
        assert cookie["secure"] == secure


@pytest.mark.parametrize(
    "name", ["", f"https://{NAME}", f"{NAME}/chess", "a b", "me@x", "[::1", "x:y"]
)
def test_public_name_is_a_host(name: str) -> None:
    with pytest.raises(ValidationError, match="without https:// and without a path"):
        ServeConfig(public_name=name)
