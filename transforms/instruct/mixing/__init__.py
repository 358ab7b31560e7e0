"""Exactly so many rows, in the shares that are asked for."""
