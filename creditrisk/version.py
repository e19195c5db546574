"""The version of the installed library."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("creditrisk")
except PackageNotFoundError:  # the checkout is not installed
    __version__ = "0+unknown"
