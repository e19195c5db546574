"""What follows a plan: inspectors and days for its visits, what is handed out and made public, results as records."""
