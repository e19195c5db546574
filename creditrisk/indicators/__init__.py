"""Records turned into numbers: specifications as data, one pass over the records, scikit-learn transformers."""
