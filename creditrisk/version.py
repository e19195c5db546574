"""The version of the library, as it was installed."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("creditrisk")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"
