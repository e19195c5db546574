"""A synthetic province: enterprises and records to try the library on, where the true risk is known."""

from creditrisk.simulate.province import Province, simulate_province
from creditrisk.simulate.raw import RawProvince

__all__ = ["Province", "RawProvince", "simulate_province"]
