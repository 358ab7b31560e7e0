"""Jobs of ``evenweave instruct``: one a stage, and what joins them into one run."""
