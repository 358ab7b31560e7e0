"""The small grey picture that tells how an image looks, where no encoder prepares one anyway."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transforms.images.decode import DecodedImage


def grey_thumbnail(image: DecodedImage, side: int) -> NDArray[np.uint8]:
    """(side, side) uint8, the whole picture in it, whatever its shape; antialiased."""
    height, width = image.extent
    grey = Image.fromarray(image.rgb).convert("L")
    return np.asarray(grey.resize((side, side), Image.Resampling.BILINEAR, (0, 0, width, height)))
