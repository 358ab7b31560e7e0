"""Sentences that a concept's name is put into before it is embedded.

A caption encoder has seen sentences, not bare words; the mean over a few neutral ones is closer to images of the
concept. The English ones are the seven that CLIP's authors found to serve ImageNet nearly as well as all eighty
(https://github.com/openai/CLIP/blob/main/notebooks/Prompt_Engineering_for_ImageNet.ipynb).
"""

PROMPTS: dict[str, tuple[str, ...]] = {
    "en": (
        "itap of a {}.",
        "a bad photo of the {}.",
        "a origami {}.",
        "a photo of the large {}.",
        "a {} in a video game.",
        "art of the {}.",
        "a photo of the small {}.",
    ),
    "zh": ("一张{}的照片。", "一幅{}的图画。", "{}。"),
}
