"""Models that learn from outcomes, and their parts: bands, weights, trees, calibration, reasons."""
