"""Deduplicate: of images that are the same, or nearly so, one stays; which one is keyed, not first come."""
