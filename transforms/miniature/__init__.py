"""The embedded miniature corpus: scenes drawn with PIL whose true concepts are known, and the tiny encoder for them."""
