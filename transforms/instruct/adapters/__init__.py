"""The shapes in which instruction sets are published: each one object, in one registry that all takes them from."""
