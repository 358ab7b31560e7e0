"""The joined model and its trainer."""
