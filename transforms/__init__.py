"""The steps: pure functions on arrays in each module; the Beam wiring of a step in its `beam` module."""
