"""The performance targets of the library, measured as ratios within one run."""
