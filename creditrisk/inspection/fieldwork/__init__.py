"""The work after a plan: inspectors and days for its visits, documents to hand out or publish, results as records."""
