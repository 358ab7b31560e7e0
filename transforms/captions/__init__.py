"""Concepts that captions name: matched with a run's vocabulary, and assigned to images."""
