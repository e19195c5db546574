"""A slow, plain reference of an assessment, written from the documents, and tests that hold the library to it.

No Polars and no NumPy: dictionaries, lists, dates and exact fractions. Nothing here is taken from the library's code.
Every run draws the same examples; ``CREDITRISK_REFERENCE=long`` draws many more, and new ones each time.
"""
