"""Instructions where none stands, where too many rows share one, and the form that a short answer is to have."""
