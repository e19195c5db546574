"""From tiers to inspections: items, random numbers anyone can recompute, draws, and the plan of a year."""
