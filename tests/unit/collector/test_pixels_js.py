"""What every visitor of a brand's site downloads; how it behaves is tested in a browser (tests/e2e)."""

from __future__ import annotations

from pathlib import Path

import collector

SCRIPT = Path(collector.__file__).with_name("pixels.js")


def test_the_script_is_under_3_kb() -> None:
    """Unminified, as it is served."""
    assert 1_000 < len(SCRIPT.read_bytes()) < 3_000


def test_the_script_touches_no_cookie() -> None:
    """Rules about cookies must not reach a site because of us."""
    assert "document.cookie" not in SCRIPT.read_text("utf-8")
