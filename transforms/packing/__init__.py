"""Packing: conversations of any shape into packs of equal length, planned from lengths alone. Imports no Beam."""
