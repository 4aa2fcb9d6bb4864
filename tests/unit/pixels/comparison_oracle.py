"""The comparison of banners computed the plain way: sums over grids, in plain Python, and nothing of the project."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Z = 1.959963984540054
_SPREADS = [0.005 * (3.0 / 0.005) ** (step / 23) for step in range(24)]
_RATES = [(step + 0.5) / 2_000 for step in range(2_000)]


def wilson(converted: int, entries: int) -> tuple[float, float]:
    """Return the ends of the rates from which the counts are not further than 1.96 standard errors of that rate: by halving."""
    observed = converted / entries

    def is_far(rate: float) -> bool:
        return abs(observed - rate) > Z * math.sqrt(rate * (1 - rate) / entries)

    return _border(observed, 0.0, is_far), _border(observed, 1.0, is_far)


def _border(inside: float, outside: float, is_far: Callable[[float], bool]) -> float:
    if not is_far(outside) or inside == outside:
        return outside
    for _ in range(80):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if is_far(middle) else (middle, outside)
    return inside


def posterior(counts: Sequence[tuple[int, int]], usual_spread: float) -> list[tuple[float, float, float]]:
    """Return of each (converted, entries) the expected rate, the probability to be the best, and the expected loss.

    All that is unknown is summed over a grid: the spread, the mean rate, and each rate.
    """
    total_k, total_n = sum(k for k, _ in counts), sum(n for _, n in counts)
    middle = math.log((total_k + 0.5) / (total_n - total_k + 0.5))
    weighed: list[tuple[float, list[tuple[float, float]]]] = []
    for spread in _SPREADS:
        width = 4 * math.sqrt(spread**2 / len(counts) + 1 / (total_k + 0.5))
        for step in range(-5, 6):
            mean = 1 / (1 + math.exp(-(middle + step / 5 * width)))
            strength = max(1 / (spread**2 * mean * (1 - mean)) - 1, 0.5)
            a, b = mean * strength, (1 - mean) * strength
            weight = sum(_log_beta(k + a, n - k + b) - _log_beta(a, b) for k, n in counts)
            weight += math.log(mean * (1 - mean)) / 2  # Jeffreys' prior, as it is for log odds
            weight += -((spread / usual_spread) ** 2) / 2 + math.log(spread) + math.log(width)
            weighed.append((weight, [(k + a, n - k + b) for k, n in counts]))
    highest = max(weight for weight, _ in weighed)
    kept = [(math.exp(weight - highest), betas) for weight, betas in weighed if weight > highest - 5]
    whole = sum(weight for weight, _ in kept)
    sums = [[0.0, 0.0, 0.0] for _ in counts]
    for weight, betas in kept:
        for into, found in zip(sums, of_betas(betas), strict=True):
            for place, value in enumerate(found):
                into[place] += weight / whole * value
    return [(mean, best, loss) for mean, best, loss in sums]


def of_betas(betas: Sequence[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """Return of each Beta distribution its mean, the probability to be the highest, and what it is lower to be expected."""
    densities = [_shares(a, b) for a, b in betas]
    below, best, highest = [0.0] * len(betas), [0.0] * len(betas), 0.0
    for place, rate in enumerate(_RATES):
        here = [density[place] for density in densities]
        half = [low + share / 2 for low, share in zip(below, here, strict=True)]
        for one, share in enumerate(here):
            chance = share * math.prod(low for other, low in enumerate(half) if other != one)
            best[one] += chance
            highest += chance * rate
        below = [low + share for low, share in zip(below, here, strict=True)]
    means = [sum(share * rate for share, rate in zip(density, _RATES, strict=True)) for density in densities]
    return [(mean, chance, highest - mean) for mean, chance in zip(means, best, strict=True)]


def _shares(a: float, b: float) -> list[float]:
    logs = [(a - 1) * math.log(rate) + (b - 1) * math.log1p(-rate) for rate in _RATES]
    most = max(logs)
    weights = [math.exp(log - most) for log in logs]
    whole = sum(weights)
    return [weight / whole for weight in weights]


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
