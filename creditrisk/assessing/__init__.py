"""Assessments: the call, the results, what is derived from them, and what would change them."""
