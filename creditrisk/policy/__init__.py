"""The policy document: what turns indicators into points, tiers and supervision, as data."""
