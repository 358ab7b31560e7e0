"""What a member of a tar may be called."""

from __future__ import annotations

from hypothesis import strategies as st

member_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=150)
