"""Instruction sets of many shapes → rows of one schema: read, grounded, their answers parsed; looked at before work."""
