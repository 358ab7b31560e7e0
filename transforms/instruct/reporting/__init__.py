"""What a mixture holds, and what became of all that went in: tallied part by part, shown on one page."""
