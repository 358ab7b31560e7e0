"""Rows that a benchmark asks too, and a certificate of what is left."""
