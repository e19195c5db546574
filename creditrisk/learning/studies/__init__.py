"""From records to a model: cohorts, outcomes, training, and figures on later inspections."""
