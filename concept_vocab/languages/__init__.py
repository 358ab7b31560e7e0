"""What languages differ in: scripts that write one word in two ways, and words without spaces between them."""
