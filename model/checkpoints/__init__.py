"""Weights at rest: reading, joining, initialising and writing them in the released layout."""
