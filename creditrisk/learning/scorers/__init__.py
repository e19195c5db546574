"""Models that learn from outcomes, and what they are made of: bands, weights, trees, calibration, reasons."""
