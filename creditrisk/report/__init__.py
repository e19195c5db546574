"""Output for people: explanations, summaries and pages."""
