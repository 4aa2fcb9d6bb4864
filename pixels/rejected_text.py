"""The answers of `pixels rejected ls` and `pixels rejected show` as text."""

from __future__ import annotations

import base64

import polars as pl

from pixels.listing import Format, as_csv, as_json, as_table, harmless
from pixels.pointer import utc_text


def list_as_text(found: pl.DataFrame, by_reason: pl.DataFrame, output: Format) -> str:
    """Return the list of `wh.rejected` below the sums of `wh.rejected_by_reason`; as CSV the list alone."""
    sums = dict(by_reason.iter_rows())
    if output == "csv":
        return as_csv(found)
    if output == "json":
        return as_json({"refused": sum(sums.values()), "refused_by_reason": sums, "refusals": found})
    if not sums:
        return "Nothing was refused."
    lines = [f"{sum(sums.values()):,} refused"]
    lines += [f"{count:>12,}  {harmless(reason)}" for reason, count in sums.items()]
    if found.height:
        lines += ["", as_table(found)]
    if found["count"].sum() < sum(sums.values()):
        lines += ["", f"The newest {found.height:,}; `--limit 0` lists all."]
    return "\n".join(lines)


def refusal_as_text(found: pl.DataFrame, output: str) -> str:
    """Return one refusal; in text the payload stands last, its lines kept, what is no visible character as its code."""
    row = found.row(0, named=True)
    payload, at = row.pop("payload"), utc_text(row.pop("rejected_at"))
    if output == "json":
        as_read = {"payload": payload.decode("utf-8", "replace"), "payload_base64": base64.b64encode(payload).decode()}
        return as_json({**row, "rejected_at": at, **as_read})
    lines = [f"{name}: {harmless(str(value))}" for name, value in {**row, "rejected_at": at}.items()]
    text = payload.decode("utf-8", "backslashreplace")
    return "\n".join([*lines, f"payload, {len(payload)} bytes:", *(harmless(line) for line in text.split("\n"))])
