"""PIXELS_CORS_ORIGINS names the sites whose scripts may read answers."""

from __future__ import annotations

import pytest

from pixels.config import load_settings, origins
from pixels.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("*", None),
        (" * ", None),
        ("", set()),
        ("https://shop.example", {"https://shop.example"}),
        ("https://shop.example, http://localhost:8080,", {"https://shop.example", "http://localhost:8080"}),
        ('["https://shop.example", "http://[::1]:8080"]', {"https://shop.example", "http://[::1]:8080"}),
        ("[]", set()),
    ],
)
def test_a_list_is_read(text: str, listed: set[str] | None) -> None:
    """By commas or as JSON; a star alone is everybody, nothing is nobody."""
    assert origins(text) == listed


@pytest.mark.parametrize(
    "text",
    [
        "shop.example",
        "https://shop.example/",
        "https://Shop.example",
        "https://shop.example/page",
        "https://*.shop.example",
        "null",
        "*, https://shop.example",
        "ftp://shop.example",
        '["https://shop.example"',
        "[1]",
        '["*"]',
        "https://a.example\nhttps://b.example",
    ],
)
def test_what_no_browser_sends_as_an_origin_is_an_error_at_the_start(text: str) -> None:
    """It would never match, and nobody would learn why."""
    with pytest.raises(ConfigurationError, match="PIXELS_CORS_ORIGINS"):
        load_settings(cors_origins=text)


@pytest.mark.parametrize("limit", [0, 1023, 64 * 1024 * 1024 + 1])
def test_a_limit_of_bodies_has_limits(limit: int) -> None:
    """None would take no event, and one without bound all memory."""
    with pytest.raises(ConfigurationError, match="PIXELS_MAX_BODY_BYTES"):
        load_settings(max_body_bytes=limit)
