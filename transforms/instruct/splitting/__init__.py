"""What is held out, by groups of rows that share an image or a text."""
