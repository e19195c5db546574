"""What people read: explanations, summaries and pages."""
