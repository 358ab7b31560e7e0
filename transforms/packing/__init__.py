"""Packing: documents into packs of equal length, planned from lengths alone. No Beam but in job/beam."""
