"""Fonts that have Chinese signs: watermarks are written in one of them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..errors import ToolMissing

# As Debian and Ubuntu put them, the one of FONT_PACKAGE first.
FONT_PACKAGE = "fonts-wqy-zenhei"
FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)


def find_font(fonts: Sequence[str] = FONTS) -> str:
    """The first of these that is there. Raises ToolMissing."""
    for path in fonts:
        if os.path.isfile(path):
            return path
    raise ToolMissing(FONT_PACKAGE, FONT_PACKAGE)
