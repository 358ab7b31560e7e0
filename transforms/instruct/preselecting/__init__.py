"""What goes on to the models: a keyed superset of what the mixture can draw."""
