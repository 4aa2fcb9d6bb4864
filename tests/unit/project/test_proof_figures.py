"""Figures in the docs are the figures of the proofs: `make prove` writes docs/proof/*.json, the docs cite them."""

from __future__ import annotations

import json
import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
CITED = re.compile(r"<!-- proof: (\w+)\.([\w ]+(?:\.[\w ]+)*) -->(.*?)<!-- /proof -->", re.DOTALL)


def cited_figures() -> list[tuple[str, str, str, str]]:
    pages = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    return [(page.name, *match) for page in pages for match in CITED.findall(page.read_text("utf-8"))]


def test_every_figure_in_the_docs_equals_its_proof() -> None:
    """A figure that a page cites stands in the JSON file of its proof, to the letter."""
    cited = cited_figures()
    assert cited, "no page cites a proof"
    for page, proof, path, written in cited:
        found = json.loads((REPOSITORY / "docs" / "proof" / f"{proof}.json").read_text("utf-8"))
        for part in path.split("."):
            found = found[part]
        assert written.strip() == str(found), f"{page} says {written!r} for {proof}.{path}, the proof says {found!r}"


def test_every_proof_is_cited_and_was_made_from_committed_code() -> None:
    """A proof that nobody can find, or that cannot be repeated from a commit, proves nothing."""
    proofs = {path.stem: json.loads(path.read_text("utf-8")) for path in (REPOSITORY / "docs" / "proof").glob("*.json")}
    assert set(proofs) == {proof for _, proof, _, _ in cited_figures()}
    for name, result in proofs.items():
        assert result["clean"], f"{name} was made from files that were not committed"
