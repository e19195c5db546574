"""What the library must reach, measured as ratios within one run."""
