"""What was refused, and what its sender has to change."""

from __future__ import annotations

import polars as pl

from panel_app import words
from panel_app.blocks.markup import text

FIXES = {
    "missing_player_id": "Send playerId: your stable key of the person, before sign-up the visitor key.",
    "missing_banner_tag": "Send bannerTag: the name of the banner that brought the visitor.",
    "placeholder_value": "Fill in the value: the template's placeholder was sent as it stands.",
    "repeated_parameter": "Send each parameter once.",
    "reserved_parameter": "Rename parameters that begin with _.",
    "too_many_parameters": "Send at most 50 parameters of your own.",
    "too_long": "Shorten it: the limits are in docs/pixel.md.",
    "bad_encoding": "Encode the URL as UTF-8, percent-encoded.",
    "control_characters": "Take control characters out of the values.",
    "bad_amount": "Write amount as a plain decimal, such as 12.50.",
    "bad_currency": "Write currency as a code of ISO 4217, such as EUR.",
    "bad_txid": "Send the transaction's own id as txid, or leave it out.",
    "bad_created_at": "Write createdAt as 2026-11-22T16:00:00Z.",
    "future_created_at": "Set the sender's clock right.",
    "bad_body": "Send a body that is what its Content-Type says.",
    "unknown_event_type": "Set eventType to visit, registration or deposit.",
    "signature_required": "Sign these events: docs/pixel.md, Signed events.",
    "bad_signature": "Sign path, query and body as they are sent, with a known key.",
    "signature_expired": "Sign just before sending, and set the sender's clock right.",
    "do_not_track": "Nothing: the visitor does not wish it.",
    "unknown_path": "Send to /visit, /registration, /deposit or /events.",
    "method_not_allowed": "Use GET or POST.",
    "body_not_accepted": "Send a form, JSON or text.",
    "rate_limited": "Send less at once from one address, or raise the limit.",
}
"""What mends each reason."""


def refused_table(rows: pl.DataFrame, time_zone: str) -> str:
    """Draw rows of `wh.rejected`: when, why, what was wrong with it, what mends it."""
    drawn = "".join(
        f'<tr><th scope="row">{text(words.instant_to_the_second(row["rejected_at"], time_zone))}</th>'
        f"<td>{words.number(row['count'] or 1)}</td><td>{text(row['reason'])}</td><td>{text(row['detail'] or '')}</td>"
        f"<td>{text(FIXES.get(row['reason'], ''))}</td></tr>"
        for row in rows.iter_rows(named=True)
    )
    headings = "".join(
        f'<th scope="col">{one}</th>' for one in ("Time", "Requests", "Reason", "What was wrong", "What to do")
    )
    return (
        '<div class="scrolls tall" tabindex="0"><table class="records refusals"><thead><tr>'
        f"{headings}</tr></thead><tbody>{drawn}</tbody></table></div>"
    )
