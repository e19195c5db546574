"""Further assessments: the results with changed records, or after the passing of time."""
