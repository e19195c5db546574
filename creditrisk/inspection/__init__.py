"""Inspections by tier: items, random numbers that anyone can recompute, draws, and the plan of a year."""
