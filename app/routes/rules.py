"""Where a checkpoint may lie (product.md, "No stakeout")."""

STREET_REACH_M = 15.0
ROUTE_REACH_M = 100.0


def is_on_public_way(metres: float | None) -> bool:
    """`metres` to the nearest street; None when there is none near."""
    return metres is not None and metres <= STREET_REACH_M


def is_beside_route(metres: float) -> bool:
    """A checkpoint far from its route belongs to another one."""
    return metres <= ROUTE_REACH_M
