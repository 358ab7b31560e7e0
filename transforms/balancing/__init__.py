"""Balancing: choose exactly N images so that their concepts, not their captions, are evenly spread."""
