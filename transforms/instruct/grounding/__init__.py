"""Boxes: found in texts and fields, and brought from the convention of their source to upright pixels, and back."""
