"""Filter: rows that a rule of the configuration refuses, each with the first rule that does as its reason."""
