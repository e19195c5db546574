"""Indicators, which turn records into numbers: specifications as data, one pass over the records, transformers."""
