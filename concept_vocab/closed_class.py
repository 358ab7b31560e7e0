"""English words that only hold sentences together: a closed class, to which no new ones come.

After the tables of closed word classes in Quirk, Greenbaum, Leech and Svartvik, A Comprehensive Grammar of the English
Language (1985), 2.39: determiners, pronouns, prepositions, conjunctions, auxiliaries, and their contracted forms.
Numerals are left out of it, since they can be seen, and words that are also plain nouns (can, will, may, might, mine).
"""

from __future__ import annotations

_ENGLISH = """
a an the this that these those each every either neither some any no all both half such what which whose
i me my myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it
its itself they them their theirs themselves who whom one's oneself somebody someone something anybody anyone anything
nobody nothing everybody everyone everything whoever whatever whichever whomever
about above across after against along amid among amongst around as at before behind below beneath beside besides
between beyond but by concerning despite down during except for from in inside into like near of off on onto out outside
over past per regarding since than through throughout till to toward towards under underneath until unto up upon via
with within without
and or nor so yet because although though unless whereas whether while if when whenever where wherever why how lest once
am is are was were be been being have has had having do does did doing done shall should would could must ought
not there then thus hence therefore however also too very
aren't can't couldn't didn't doesn't don't hadn't hasn't haven't he'd he'll he's i'd i'll i'm i've isn't it's let's
mustn't shan't she'd she'll she's shouldn't that's there's they'd they'll they're they've wasn't we'd we'll we're we've
weren't what's where's who's won't wouldn't you'd you'll you're you've
"""

#: By language, ISO 639-1; normalised forms.
CLOSED_CLASS: dict[str, frozenset[str]] = {"en": frozenset(_ENGLISH.split())}


def is_closed_class(form: str, language: str) -> bool:
    """Whether each of its words, normalised, is of a closed class. False in languages without a list."""
    words = CLOSED_CLASS.get(language, frozenset())
    return all(word.replace("’", "'") in words for word in form.split())
