"""What the demo's marketers know of their banners: to whom each belongs, and what it has cost."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pixels.files import replace_file

FILE = "banners.csv"
_COLUMNS = ("banner_tag", "affiliate", "campaign", "name", "cost")
_BANNERS = (
    ("a_sportsblogb_topbannerc_nov", "Sports Blog", "Autumn", "Top banner", "4200.00"),
    ("a_sportsblogb_sidebarc_nov", "Sports Blog", "Autumn", "Side bar", "1500.00"),
    ("a_oddsguideb_reviewc_top5", "Odds Guide", "Reviews", "Top five", "9800.00"),
    ("a_oddsguideb_comparisonc_home", "Odds Guide", "Reviews", "Comparison", "3600.00"),
    ("a_streamteamb_overlayc_live", "Stream Team", "Launch", "Live overlay", "7500.00"),
    ("a_pokerforumb_footerc_thread", "Poker Forum", "Autumn", "Footer", "900.00"),
    ("a_casinonewsb_textlinkc_article", "Casino News", "Autumn", "Text link", "2100.00"),
    ("a_couponclubb_popunderc_deal", "Coupon Club", "Deals", "Pop-under", "2400.00"),
    ("a_affiliatehubb_emailc_weekly", "Affiliate Hub", "Autumn", "Weekly e-mail", "2600.00"),
    ("brandA", "", "Own pages", "Brand A", ""),
    ("brandB", "", "Own pages", "Brand B", ""),
)


def write_banners(home: Path) -> Path:
    """Write the list as `pixels banners import` takes it; return the file."""
    path = home / FILE
    lines = io.StringIO()
    csv.writer(lines).writerows([_COLUMNS, *_BANNERS])
    replace_file(path, lines.getvalue().encode())
    return path
