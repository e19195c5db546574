"""How many small changes of the core the tests notice: ``python -m mutants``."""
