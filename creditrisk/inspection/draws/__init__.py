"""Draws that anyone can recompute: numbers, order sampling, published lists, seeds. Nothing here knows tiers."""
