"""Take the picture of the dashboard for the README: `python -m tests.e2e.take_pictures [FOLDER]`, default docs/images.

It makes a demo home in a temporary folder, serves it, and lets Chromium look at it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from pixels.demo import DEMO_MARKER
from tests.conftest import CHROMIUM_FLAGS
from tests.e2e.test_dashboard import DRAWN, clean_environment, running

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZE = {"width": 1440, "height": 900}


def demo_home(folder: Path) -> Path:
    """Fill an empty folder with 90 days of demo history and publish them."""
    (folder / DEMO_MARKER).touch()
    for command in (["pixels.demo", "--backfill"], ["pixels", "aggregate"]):
        subprocess.run([sys.executable, "-m", *command], env=clean_environment(folder), check=True)
    return folder


def take(address: str, picture: Path) -> None:
    """Save what a browser shows of the dashboard, in the light theme."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        page.goto(address)
        expect(page.locator("canvas").first).to_be_visible(timeout=DRAWN)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=picture)
        browser.close()


def main() -> None:
    """Write dashboard.png."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, running(demo_home(Path(home))) as served:
        take(served.address, folder / "dashboard.png")


if __name__ == "__main__":
    main()
