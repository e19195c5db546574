"""Assessing again: what changed records or the passing of time would make of an assessment."""
