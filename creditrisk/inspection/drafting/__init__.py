"""Makes a plan: draws enterprises for each group of items, one group after another, within the caps."""
