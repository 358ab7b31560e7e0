"""The forms in which packs are written: each layout's writer, and the native one's reader beside it."""
