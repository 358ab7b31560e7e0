"""Looking at what a run folder holds: is it there, is it whole, does it add up; and removing what is not."""
