"""Studies that make a model from records: cohorts, outcomes, training, and figures on later inspections."""
