"""Servers that others can reach: nothing without the token."""

from http.cookies import SimpleCookie

import pytest
from pydantic import ValidationError
from websockets.exceptions import InvalidStatus

from serve.catalog import Catalog
from serve.config import ServeConfig
from tests.serve.conftest import connect, serving
from tests.serve.test_api import refusal

TOKEN = "open sesame, please"
COOKIE = f'aztoolkit_token="{TOKEN}"'


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "chess.example"])
def test_address_that_others_can_reach_needs_a_token(host: str) -> None:
    with pytest.raises(ValidationError, match="--token"):
        ServeConfig(host=host)
    assert ServeConfig(host=host, token=TOKEN).token == TOKEN


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_none(host: str) -> None:
    assert ServeConfig(host=host).token is None


def test_token_is_not_shown_with_the_settings() -> None:
    assert TOKEN not in repr(ServeConfig(token=TOKEN))


@pytest.mark.anyio
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer another"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer "},
        {"Cookie": "aztoolkit_token=another"},
        {"Cookie": "aztoolkit_token="},
    ],
)
async def test_nothing_is_shown_without_the_token(
    catalog: Catalog, headers: dict[str, str]
) -> None:
    async with connect(catalog, token=TOKEN) as client:
        for path in ("/", "/api/engines", "/metrics", "/api/openapi.json", "/?token=another"):
            error = await refusal(client, "GET", path, 401, headers=headers)
            assert error["code"] == "no_token"
            assert TOKEN not in error["message"]


@pytest.mark.anyio
@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {TOKEN}"}, {"Cookie": COOKIE}])
async def test_header_and_cookie_open(catalog: Catalog, headers: dict[str, str]) -> None:
    async with connect(catalog, token=TOKEN) as client:
        assert (await client.get("/api/engines", headers=headers)).status_code == 200


@pytest.mark.anyio
async def test_address_with_the_token_is_exchanged_for_a_cookie(catalog: Catalog) -> None:
    async with connect(catalog, token=TOKEN) as client:
        answer = await client.get("/api/health", params={"token": TOKEN, "x": "1"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/api/health?x=1")
        cookie = SimpleCookie(answer.headers["Set-Cookie"])["aztoolkit_token"]
        assert cookie.value == TOKEN
        assert cookie["httponly"]
        assert cookie["samesite"] == "lax"
        assert (await client.get(answer.headers["Location"])).status_code == 200


@pytest.mark.anyio
async def test_exchange_leads_to_this_server_only(catalog: Catalog) -> None:
    async with connect(catalog, token=TOKEN) as client:
        answer = await client.get("http://127.0.0.1//evil.example/", params={"token": TOKEN})
        assert answer.headers["Location"] == "/evil.example/"


def test_websocket_needs_the_token_too(catalog: Catalog) -> None:
    with serving(catalog, token=TOKEN) as live:
        with pytest.raises(InvalidStatus) as error, live.websocket("/analysis"):
            pass
        assert error.value.response.status_code == 401
        with live.websocket("/analysis", additional_headers={"Cookie": COOKIE}) as socket:
            socket.send("?")
            assert "bad_request" in socket.recv(10)


@pytest.mark.anyio
async def test_browser_without_the_token_is_asked_for_it(catalog: Catalog) -> None:
    navigation = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with connect(catalog, token=TOKEN) as client:
        answer = await client.get("/", headers=navigation)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
        assert '<input name="token" type="password"' in answer.text
        assert TOKEN not in answer.text
        await refusal(client, "POST", "/api/games", 401, headers=navigation, json={})
        opened = await client.get("/", headers=navigation, params={"token": TOKEN})
        assert opened.status_code == 303
