"""A guard model: whether what a row says and shows may be handed on."""
