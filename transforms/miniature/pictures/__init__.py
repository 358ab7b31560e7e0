"""Pictures of the miniature corpus, drawn from scenes."""
