"""What an area is by its code and level, and how much of a map may be wrong."""

import re

PARENT_LEVEL = {"county": None, "township": "county", "village": "township", "grid": "village"}
# Twelve digits are the national code; grids have the village's and three more of the county's own.
CODES = {level: re.compile(r"[1-9]\d{11}") for level in ("county", "township", "village")}
CODES["grid"] = re.compile(r"[1-9]\d{11}(\d{3})?")

# Neighbours drawn from different sheets never fit exactly; more than this is a wrong sheet or a wrong system.
OVERLAP_SHARE = 0.01
OUTSIDE_SHARE = 0.05


def is_area_code(code: str, level: str) -> bool:
    """Text of twelve digits, not starting with 0; a grid's may have fifteen."""
    return level in CODES and CODES[level].fullmatch(code) is not None


def is_overlap(share: float) -> bool:
    """`share` is the common area over the smaller one's area."""
    return share > OVERLAP_SHARE


def is_outside_parent(share: float) -> bool:
    """`share` is the part of an area that lies outside its parent."""
    return share > OUTSIDE_SHARE
