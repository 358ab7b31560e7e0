"""The embedded instruction corpus: twelve sources, a benchmark and lists, drawn, with the truth about them."""
