"""A tokenizer of a few hundred tokens with Qwen's special tokens, trained here: for tests and the tiny recipe.

Byte-level BPE with Qwen2's own pre-tokenisation (the regular expression of its tokenizer.json) and NFC, so that it
cuts text in the same places and every text can be written with it. The same texts give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from transforms.conversations.document import SPECIAL_TOKENS

#: ``pre_tokenizer`` of Qwen2 to Qwen3: contractions, words, single digits, punctuation, newlines, spaces.
_QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

#: Enough to learn the template, common English endings and some Chinese.
DEFAULT_TEXTS = (
    "You are a helpful assistant.",
    "system user assistant\n",
    "What is in the picture? How many are there, and what colour are they? Describe the image in one sentence.",
    "There are three red circles above a blue square. The striped triangle is to the left of the green star.",
    "A chart shows the number of things for each of the years; the tallest bar is yellow.",
    "图中有三个红色的圆形，在一个蓝色正方形的上方。这是什么？请用一句话描述这张图片。",
    "one two three four five six seven eight nine ten, left right above below, and the answer is",
)


def tiny_tokenizer(texts: Iterable[str] = DEFAULT_TEXTS, vocabulary_size: int = 512) -> Tokenizer:
    """Train one. ``vocabulary_size`` counts the 256 bytes and the special tokens, which take the last ids."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_QWEN_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size - len(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    return tokenizer
