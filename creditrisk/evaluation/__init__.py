"""What scores and tiers are worth, by what inspections found later."""
