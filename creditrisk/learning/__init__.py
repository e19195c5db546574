"""Learning from outcomes: cohorts, what was found at their next inspections, and models that serve the tiers."""
