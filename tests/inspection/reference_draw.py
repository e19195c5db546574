"""Draws recomputed in plain Python from what ``docs/draws.md`` says, number by number; slow, and without a library.

Random numbers are whole numbers of 53 bits and probabilities are fractions, so that nothing is rounded before it is
compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

CIRCLE = 1 << 53
TICK = 1 << 23  # starts are multiples of 2⁻³⁰


@dataclass(frozen=True)
class Unit:
    """One of a frame: who, in which stratum, whether it may be drawn, and with which weight."""

    id: str
    stratum: str
    open: bool = True
    weight: float | None = None


@dataclass(frozen=True)
class Drawn:
    """One that is drawn: the number counted from the start of its stratum, and the probability of the draw."""

    id: str
    stratum: str
    number: int
    probability: Fraction


def bits(seed: str, series: str, enterprise_id: str) -> int:
    """The permanent random number, as a whole number below 2⁵³."""
    return int.from_bytes(sha256(f"{seed}\n{series}\n{enterprise_id}".encode()).digest()[:8], "big") >> 11


def probabilities(weights: Mapping[str, Fraction], size: int) -> dict[str, Fraction]:
    """In proportion to weights; whoever would be above 1 is certain, and the others share what is left."""
    certain: set[str] = set()
    while True:
        total = sum(weight for one, weight in weights.items() if one not in certain)
        left = size - len(certain)
        share = {one: weight * left / total if left else Fraction(0) for one, weight in weights.items()}
        above = {one for one, value in share.items() if one not in certain and value >= 1}
        if not above:
            return {one: Fraction(1) if one in certain else share[one] for one in weights}
        certain |= above


def targets(units: Sequence[Unit], drawn: Mapping[str, int]) -> dict[str, Fraction]:
    """The probability of everybody in the frame; those who may not be drawn count in their stratum."""
    found: dict[str, Fraction] = {}
    for stratum, size in drawn.items():
        members = [unit for unit in units if unit.stratum == stratum]
        if members and members[0].weight is None:
            found |= {unit.id: Fraction(size, len(members)) for unit in members}
        else:
            found |= probabilities({unit.id: Fraction(unit.weight or 0) for unit in members}, size)
    return found


def draw(
    units: Sequence[Unit], drawn: Mapping[str, int], starts: Mapping[str, int], seed: str, series: str
) -> list[Drawn]:
    """Those drawn, in the order of the draw.

    ``starts`` are in ticks of 2⁻³⁰.
    """
    chance = targets(units, drawn)
    chosen: list[tuple[Fraction, str, Drawn]] = []
    for stratum, size in drawn.items():
        ranked = []
        for unit in units:
            p = chance.get(unit.id, Fraction(0))
            if unit.stratum != stratum or not unit.open or not p:
                continue
            number = (bits(seed, series, unit.id) - starts.get(stratum, 0) * TICK) % CIRCLE
            rank = number * (1 - p) / (p * (CIRCLE - number))
            ranked.append((rank, unit.id, Drawn(unit.id, stratum, number, p)))
        assert len(ranked) >= size
        chosen += [(one.number / one.probability, one.id, one) for _, _, one in sorted(ranked, key=_rank)[:size]]
    return [one for _, _, one in sorted(chosen, key=_rank)]


def frame_sha256(units: Sequence[Unit]) -> str:
    """The hash of a frame, from its lines."""
    lines = []
    for unit in sorted(units, key=lambda unit: unit.id):
        cells = [unit.id, unit.stratum, "1" if unit.open else "0"]
        cells += [] if unit.weight is None else [unit.weight.hex()]
        lines.append("\t".join(cells) + "\n")
    return sha256("".join(lines).encode()).hexdigest()


def _rank(entry: tuple[Fraction, str, Drawn]) -> tuple[Fraction, str]:
    return entry[:2]
