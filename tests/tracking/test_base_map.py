"""A base map comes from outside only where the setting says so, and the policy then names it."""

import dataclasses

import pytest

from backend.errors import SettingsError
from backend.settings import read_settings
from tests.province import Town, open_town

TILES = "https://tiles.example.vn/osm/{z}/{x}/{y}.png?style=sang"


async def test_the_policy_names_the_host_of_the_base_map_and_no_other(module_town: Town) -> None:
    page = await module_town.ask("GET", "/ban-do")
    assert "tiles.example.vn" not in f"{page.headers} {page.text}"
    assert "http" not in page.headers["content-security-policy"]
    with_pictures = dataclasses.replace(
        module_town.settings, map_tiles_url=TILES, map_tiles_credit="© Người vẽ <b>bản đồ</b>"
    )
    async with open_town(with_pictures) as town:
        page = await town.ask("GET", "/ban-do")
        policy = page.headers["content-security-policy"]
        assert "img-src 'self' https://tiles.example.vn data: blob:;" in policy
        assert "&lt;b&gt;" in page.text


@pytest.mark.parametrize(
    "url",
    [
        "tiles.example.vn/{z}/{x}/{y}.png",
        "https://{s}.example.vn/{z}/{x}/{y}.png",
        "https://tiles.example.vn/{z}/{x}.png",
        "https://tiles.example.vn; script-src */{z}/{x}/{y}.png",
        "javascript:alert(1)//{z}/{x}/{y}",
    ],
)
def test_an_address_that_is_no_base_map_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError):
        read_settings({"CAUNOI_MAP_TILES_URL": url})
