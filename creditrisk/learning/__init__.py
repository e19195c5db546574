"""Learning from outcomes: cohorts, the findings at their next inspections, and models for the tiers."""
