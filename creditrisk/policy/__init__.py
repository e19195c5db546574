"""The policy document: the rules that turn indicators into points, tiers and supervision, as data."""
