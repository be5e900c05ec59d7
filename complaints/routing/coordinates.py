"""From the coordinates of browsers and satellites (WGS-84) to those of Chinese maps (GCJ-02), by the published formula.

All tables here are GCJ-02, and so are the points ``Router`` and ``manage.py route`` take.
"""

from math import cos, pi, sin, sqrt

#: The Krasovsky ellipsoid the formula is written for.
_AXIS, _ECCENTRICITY_SQUARED = 6378245.0, 0.00669342162296594323


def gcj02(lng: float, lat: float) -> tuple[float, float]:
    """The GCJ-02 coordinates of a WGS-84 point in mainland China."""
    x, y = lng - 105.0, lat - 35.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (
        _waves(x, 6.0, 2.0, (20.0, 20.0))
        + _waves(x, 1.0, 1 / 3, (20.0, 40.0))
        + _waves(x, 1 / 12, 1 / 30, (150.0, 300.0))
    )
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (
        _waves(x, 6.0, 2.0, (20.0, 20.0))
        + _waves(y, 1.0, 1 / 3, (20.0, 40.0))
        + _waves(y, 1 / 12, 1 / 30, (160.0, 320.0))
    )
    angle = lat / 180.0 * pi
    magic = 1 - _ECCENTRICITY_SQUARED * sin(angle) ** 2
    meridian = _AXIS * (1 - _ECCENTRICITY_SQUARED) / (magic * sqrt(magic))
    parallel = _AXIS / sqrt(magic) * cos(angle)
    return lng + east * 180.0 / (parallel * pi), lat + north * 180.0 / (meridian * pi)


def _waves(value: float, first: float, second: float, heights: tuple[float, float]) -> float:
    return (heights[0] * sin(first * value * pi) + heights[1] * sin(second * value * pi)) * 2.0 / 3.0
