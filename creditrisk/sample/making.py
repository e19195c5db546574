"""Makes the sample files: ``python -m creditrisk.sample.making creditrisk/sample``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from creditrisk.simulate import Province, simulate_province

__all__ = ["make_sample"]

_SEED = 59
_PENALTIES = 30
_OFFENCES = {
    "safety": "未按规定开展安全生产教育和培训",
    "quality": "生产、销售不符合保障人体健康和人身、财产安全标准的产品",
    "environment": "未按规定运行污染防治设施",
    "compliance": "登记事项发生变更未按规定办理变更登记",
    "responsibility": "未按规定支付劳动者工资",
}
# The severities in order, and the kind of penalty for an offence of each.
_KINDS = {"minor": "警告", "general": "罚款", "serious": "责令停产停业", "grave": "吊销许可证件"}


def make_sample(folder: str | Path) -> None:
    """Write the three sample files into a folder."""
    folder = Path(folder)
    province = simulate_province(200, seed=_SEED)
    with TemporaryDirectory() as made:
        # The files replace the earlier sample, which is source, not a saved result.
        for path in province.write(made, "csv"):
            (folder / path.name).write_bytes(path.read_bytes())
    text = _published_penalties(province).write_csv()
    (folder / "penalties_gongshi.csv").write_bytes(text.encode("gb18030"))


def _published_penalties(province: Province) -> pl.DataFrame:
    """Return penalties under the field names of the 双公示 standard, with money in 万元 as it requires."""
    penalties = province.records.filter(pl.col("type") == "penalty").head(_PENALTIES)
    named = penalties.join(
        province.enterprises.select("enterprise_id", "name"), on="enterprise_id", maintain_order="left"
    )
    day = pl.col("occurred_on").dt.strftime("%Y/%-m/%-d")
    last_day = pl.col("expires_on").dt.strftime("%Y/%-m/%-d")
    fined = pl.col("severity") != "minor"
    return named.select(
        cf_xdr_mc="name",
        cf_xdr_shxym="enterprise_id",
        cf_wsh=pl.format(
            "苏{}罚字〔{}〕{}号",
            "region",
            pl.col("occurred_on").dt.year(),
            pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5),
        ),
        cf_wfxw=pl.col("dimension").cast(pl.String).replace(_OFFENCES),
        cf_cflb=pl.col("severity").cast(pl.String).replace(_KINDS),
        cf_nr_fk=pl.when(fined).then(pl.col("amount") / 10_000).round(6),
        # For every fifth penalty, illegal gains are confiscated too.
        cf_nr_wfff=pl.when(fined & (pl.int_range(pl.len()) % 5 == 0)).then(pl.col("amount") / 40_000).round(6),
        cf_jdrq=day,
        cf_yxq=last_day,
        cf_gsjzq=last_day,
        cf_cfjg="authority",
    )


if __name__ == "__main__":
    make_sample(sys.argv[1])
