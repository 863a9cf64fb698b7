"""Pictures from outside are decoded in a limited child process, and leave it as new JPEGs with nothing but pixels."""

import base64
from dataclasses import dataclass

from app.geofiles.child import Child, ChildLost

MAX_BYTES = 6_000_000
MAX_PIXELS = 25_000_000
LONGEST_PX = 1600
TYPES = ("image/jpeg", "image/png", "image/webp")
LIMITS = {"max_pixels": MAX_PIXELS, "longest_px": LONGEST_PX, "cpu_s": 5, "memory_mb": 640}
WALL_S = 20.0


class PhotoRefused(Exception):
    """Not taken: `photo_no_picture`, `photo_too_many_pixels`, `photo_unreadable`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Photo:
    jpeg: bytes
    width: int
    height: int


def redraw(data: bytes) -> Photo:
    """The picture anew, its longer side at most LONGEST_PX. Raises PhotoRefused, and never anything else for what is
    in `data`."""
    with Child("photo_child", LIMITS) as child:
        try:
            answer = child.ask(data, WALL_S)
        except ChildLost as lost:
            raise PhotoRefused("photo_unreadable") from lost
    if "code" in answer:
        raise PhotoRefused(str(answer["code"]))
    return Photo(base64.b64decode(answer["jpeg"]), int(answer["width"]), int(answer["height"]))
