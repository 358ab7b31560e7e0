"""Concepts that captions name: found by their surface forms, as whole words."""
