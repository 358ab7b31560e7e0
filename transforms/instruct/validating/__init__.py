"""Rows that are not what they should be, and turns that are not."""
