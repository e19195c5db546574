"""The kinds of records that are simulated, as data: one line per kind, with its frequency and properties.

The shares and medians are invented to resemble a province's files: inspections, complaints and reports are common,
listings and accidents are rare, and the frequency follows the latent risk of the record's dimension.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from creditrisk.vocabulary import DIMENSIONS

__all__ = ["LEGAL_BASIS", "MATTERS_PER_DIMENSION", "MATTER_PREFIX", "STREAMS", "Stream"]

_ALL = dict.fromkeys(DIMENSIONS, 1)


@dataclass(frozen=True)
class Stream:
    """One kind of record.

    Attributes
    ----------
    type : str
        A key of :data:`creditrisk.vocabulary.RECORD_TYPES`.
    share : int
        The number of records of this kind in about a thousand.
    dimensions : dict of str to int
        Dimensions with their weights; empty for a record that follows another one and takes its dimension.
    risk : float
        The rate is proportional to the latent risk to this power: 0 for no dependence, negative for merits.
    outcomes : dict of str to (float, float)
        The weight of each outcome, and the power of the latent risk in it.
    severities : tuple of float
        The weights of minor, general, serious and grave at average risk; more risk makes graver ones likelier.
    amount : int
        The median amount in yuan of a general record; 0 for no amount.
    term : tuple of int
        Months until the record expires, by severity, or one number for all; empty if it does not expire.
    repairable : float
        The share that enterprises of average risk repair.
    revocable : float
        The share that is revoked.
    follows : str
        The earlier record to which this one belongs: "inspection", or the column of the day on which it ended.
    drawn : bool
        Whether the enterprise was chosen by random draw; the record then has its inclusion probability.
    bureau : str
        The acting authority, if it is not the usual one of the dimension.
    """

    type: str
    share: int
    dimensions: dict[str, int] = field(default_factory=dict)
    risk: float = 0.0
    outcomes: dict[str, tuple[float, float]] = field(default_factory=dict)
    severities: tuple[float, ...] = ()
    amount: int = 0
    term: tuple[int, ...] = ()
    repairable: float = 0.0
    revocable: float = 0.0
    follows: str = ""
    drawn: bool = False
    bureau: str = ""


_CHECKED = {"pass": (70.0, 0.0), "pass_with_conditions": (18.0, 0.7), "fail": (9.0, 1.3), "unreachable": (1.0, 0.3)}
_COURT = "人民法院"

STREAMS = [
    Stream("inspection", 80, _ALL, 0.0, _CHECKED, drawn=True),
    Stream("inspection", 150, _ALL, 0.7, _CHECKED),
    Stream(
        "spot_check",
        60,
        {"safety": 4, "quality": 24, "environment": 8, "compliance": 2, "responsibility": 1},
        0.3,
        {"pass": (90.0, 0.0), "fail": (8.0, 1.2)},
    ),
    # A penalty is public for three months, a year or three years (classes of the 信用修复管理办法).
    Stream(
        "penalty",
        70,
        _ALL,
        1.5,
        severities=(60, 37, 2.6, 0.4),
        amount=8_000,
        term=(3, 12, 36, 36),
        repairable=0.4,
        revocable=0.03,
    ),
    Stream(
        "coercive_measure",
        8,
        {"safety": 6, "quality": 4, "environment": 4, "compliance": 2, "responsibility": 1},
        1.5,
        severities=(0, 85, 13, 2),
    ),
    Stream(
        "judgment",
        30,
        {"compliance": 3, "responsibility": 1},
        0.8,
        {"liable": (60.0, 0.5), "not_liable": (40.0, 0)},
        amount=60_000,
        bureau=_COURT,
    ),
    Stream(
        "enforcement_default",
        8,
        {"compliance": 1},
        1.8,
        severities=(0, 0, 80, 20),
        amount=150_000,
        term=(24,),
        repairable=0.4,
        bureau=_COURT,
    ),
    Stream(
        "serious_dishonesty_listing",
        3,
        {"compliance": 2, "quality": 1, "responsibility": 1},
        2.0,
        severities=(0, 0, 0, 1),
        term=(36,),
        repairable=0.2,
        revocable=0.02,
    ),
    Stream(
        "abnormal_operation_listing",
        25,
        {"compliance": 1},
        0.8,
        severities=(0, 1, 0, 0),
        repairable=0.6,
        revocable=0.02,
    ),
    Stream("accident", 4, {"safety": 1}, 1.6, severities=(60, 36, 3.5, 0.5), amount=200_000),
    Stream("recall", 4, {"quality": 1}, 1.2, severities=(30, 50, 18, 2)),
    Stream(
        "complaint",
        90,
        {"safety": 1, "quality": 5, "environment": 1, "compliance": 3, "responsibility": 2},
        0.7,
        {"upheld": (35.0, 0.5), "unfounded": (55.0, 0.0), "pending": (5.0, 0.0)},
    ),
    Stream(
        "arrears",
        25,
        {"compliance": 3, "responsibility": 2},
        1.2,
        severities=(40, 54, 5, 1),
        amount=30_000,
        repairable=0.5,
        bureau="税务局",
    ),
    Stream(
        "commitment",
        45,
        {"compliance": 4, "quality": 1, "environment": 1},
        0.0,
        {"kept": (80.0, 0.0), "broken": (8.0, 1.2), "pending": (12.0, 0.0)},
    ),
    Stream("certification", 35, {"quality": 3, "environment": 1, "safety": 1}, -0.4, term=(36,)),
    Stream("commendation", 15, {"responsibility": 2, "quality": 1, "compliance": 1}, -0.8),
    Stream("public_good", 15, {"responsibility": 1}, -0.5, amount=10_000),
    Stream("training", 40, {"safety": 3, "quality": 1, "compliance": 1}, -0.4),
    Stream("traceability", 25, {"quality": 1}, -0.3),
    Stream(
        "annual_report",
        70,
        {"compliance": 1},
        0.0,
        {"on_time": (85.0, 0.0), "late": (8.0, 0.8), "not_filed": (4.0, 1.2)},
    ),
    Stream("licence", 42, {"compliance": 1}, 0.0, {"granted": (95.0, 0.0), "refused": (4.0, 0.5)}, term=(60,)),
    Stream("violation", 150, severities=(60, 34, 5, 1), follows="inspection"),
    Stream("repair", 16, follows="repaired"),
    Stream("revocation", 2, follows="revoked"),
]

# Items and violations are numbered within a dimension: AQ01 … AQ12 for safety, and so on.
MATTERS_PER_DIMENSION = 12
MATTER_PREFIX = {"safety": "AQ", "quality": "ZL", "environment": "HB", "compliance": "SF", "responsibility": "ZR"}

LEGAL_BASIS = {
    "safety": "《中华人民共和国安全生产法》",
    "quality": "《中华人民共和国产品质量法》",
    "environment": "《中华人民共和国环境保护法》",
    "compliance": "《中华人民共和国市场主体登记管理条例》",
    "responsibility": "《中华人民共和国劳动合同法》",
}
