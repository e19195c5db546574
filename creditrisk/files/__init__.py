"""Files on disk: written together or not at all, known by their digests, safe in a spreadsheet."""
