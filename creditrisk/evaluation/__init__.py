"""Evaluation of scores and tiers against what inspections found later."""
