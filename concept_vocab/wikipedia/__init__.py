"""Wikipedia's article dumps: streams of bz2, pages, text without markup, words counted, n-grams chosen."""
