"""What is not as it usually is: in any regular series (`detect`), and in the figures of a warehouse (`wh.anomalies`)."""

from __future__ import annotations

from pixels.anomalies.series import detect

__all__ = ["detect"]
