"""Where concepts come from: one object a source, in one registry, with licence and thresholds."""
