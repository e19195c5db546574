"""Indicators turned into points, scores, tiers and reasons."""
