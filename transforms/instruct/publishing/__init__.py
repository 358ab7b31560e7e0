"""The mixture as trainers read it, with what has to be said of it."""
