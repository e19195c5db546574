"""The one digest of bytes that the library uses: SHA-256, in hexadecimal."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["sha256_of", "sha256_of_file"]


def sha256_of(content: bytes | str) -> str:
    """Return the SHA-256 of bytes, or of text in UTF-8.

    Examples
    --------
    >>> sha256_of("信用")[:16] == sha256_of("信用".encode())[:16]
    True
    """
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def sha256_of_file(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file; the file is read in parts."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
