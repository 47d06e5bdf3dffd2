"""From longitude and latitude to metres on Sweden's map grid, SWEREF 99 TM, so that distances are plain geometry."""

from math import asinh, atan, atanh, cos, cosh, radians, sin, sinh, sqrt, tan
from typing import Final

# GRS 80, and the projection's constants.
_AXIS: Final = 6_378_137.0
_FLATTENING: Final = 1 / 298.257222101
_CENTRAL: Final = radians(15.0)
_SCALE: Final = 0.9996
_FALSE_EAST: Final = 500_000.0

_N: Final = _FLATTENING / (2 - _FLATTENING)
_E: Final = sqrt(_FLATTENING * (2 - _FLATTENING))
_RADIUS: Final = _AXIS / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_BETAS: Final = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16,
    13 * _N**2 / 48 - 3 * _N**3 / 5,
    61 * _N**3 / 240,
)


def to_sweref(lon: float, lat: float) -> tuple[float, float]:
    """East and north in metres, to the millimetre inside Sweden.

    Source: Lantmäteriet, Gauss conformal projection (transverse Mercator), Krüger's formulas; SWEREF 99 takes the
    place of WGS 84, which parts from it by less than a metre.
    """
    phi, away = radians(lat), radians(lon) - _CENTRAL
    conformal = atan(sinh(asinh(tan(phi)) - _E * atanh(_E * sin(phi))))
    xi = atan(tan(conformal) / cos(away))
    eta = atanh(cos(conformal) * sin(away))
    north, east = xi, eta
    for order, beta in enumerate(_BETAS, start=1):
        north += beta * sin(2 * order * xi) * cosh(2 * order * eta)
        east += beta * cos(2 * order * xi) * sinh(2 * order * eta)
    return _FALSE_EAST + _SCALE * _RADIUS * east, _SCALE * _RADIUS * north
