"""What stages wrote, laid before a person: a drawn sheet of it, the person's labels, and the error rates they give."""
