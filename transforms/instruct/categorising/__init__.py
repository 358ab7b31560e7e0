"""What a row teaches."""
