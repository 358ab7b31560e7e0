"""Words that only hold sentences together: a closed class, to which no new ones come.

English after the tables of closed word classes in Quirk, Greenbaum, Leech and Svartvik, A Comprehensive Grammar of the
English Language (1985), 2.39: determiners, pronouns, prepositions, conjunctions, auxiliaries, contracted forms of them.
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

# Particles, pronouns, prepositions, conjunctions and modal words of Chinese (虚词), simplified: the commonest of each,
# as Li and Thompson, Mandarin Chinese (1981), treat them. Words that are also plain nouns or verbs are left out.
_CHINESE = """
的 得 了 着 过 之 所 等 们 吗 呢 吧 啊 呀 嘛 哇 啦 哦 哩 呗 罢了 而已 似的 也好 也罢 我 你 您 他 她 它 我们
你们 他们 她们 它们 咱们 自己 别人 人家 大家 谁 什么 哪 哪里 哪儿 哪个 怎么 怎样 怎么样 如何 为什么 几 多少
这 那 这个 那个 这些 那些 这里 那里 这儿 那儿 这样 那样 这么 那么 这种 那种 其 其中 其他 其它 某 某些 各 每
该 此 另 在 从 自 自从 由 于 以 为 为了 对 对于 关于 至于 向 往 到 跟 和 与 比 按 按照 根据 据 通过 经过 除了
因 及 以及 或 或者 而 而且 并 并且 但 但是 可是 不过 然而 却 虽然 尽管 因为 由于 所以 因此 如果 假如 要是
只要 只有 即使 无论 不管 既 若 则 且 况且 何况 于是 然后 此外 不 没 没有 未 别 也 都 就 还 又 再 才 只 仅
仅仅 已 已经 曾 曾经 正在 将 将要 便 很 太 更 最 非常 十分 比较 相当 必须 应该 可以 能够 能 可能 是 不是
"""

#: By language, ISO 639-1; normalised forms.
CLOSED_CLASS: dict[str, frozenset[str]] = {
    "en": frozenset(_ENGLISH.split()),
    "zh": frozenset(_CHINESE.split()),
}


def is_closed_class(form: str, language: str) -> bool:
    """Whether each of its words, at spaces, normalised, is of a closed class. False in languages without a list."""
    words = CLOSED_CLASS.get(language, frozenset())
    return all(word.replace("’", "'") in words for word in form.split())
