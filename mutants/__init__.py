"""Mutation testing: the share of small changes of the core that the tests detect, ``python -m mutants``."""
