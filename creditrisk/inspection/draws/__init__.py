"""Draws that anyone can recompute: numbers, order sampling, published lists, seeds. They know nothing of tiers."""
