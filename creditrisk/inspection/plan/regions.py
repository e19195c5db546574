"""Codes of regions (GB/T 2260): two digits each for province, city and county; zeros mean all of a larger region."""

from __future__ import annotations

__all__ = ["stem_of"]


def stem_of(region: str) -> str:
    """Return the digits with which the codes of a region, and of all regions in it, begin.

    Examples
    --------
    >>> stem_of("320000"), stem_of("320100"), stem_of("320102"), stem_of("3201")
    ('32', '3201', '320102', '3201')
    """
    return region.removesuffix("00").removesuffix("00")
