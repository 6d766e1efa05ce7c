"""Physical constants of the network model, each with its source."""

from __future__ import annotations

SPEED_OF_LIGHT_M_S = 299_792_458.0
"""[m/s] exact by the definition of the metre."""

BOLTZMANN_J_K = 1.380649e-23
"""[J/K] exact since the SI of 2019."""

WGS72_MU_KM3_S2 = 398_600.8
"""[km³/s²] Earth's gravitational parameter in the SGP4 model (Spacetrack Report 3; AIAA 2006-6753)."""

WGS72_RADIUS_KM = 6378.135
"""[km] Earth's equatorial radius in the SGP4 model (Spacetrack Report 3; AIAA 2006-6753)."""

WGS84_RADIUS_KM = 6378.137
"""[km] semi-major axis of the WGS84 ellipsoid (NGA.STND.0036)."""

WGS84_FLATTENING = 1 / 298.257223563
"""[1] flattening of the WGS84 ellipsoid (NGA.STND.0036)."""

LINK_ALTITUDE_FLOOR_KM = 80.0
"""[km] a laser link's chord stays above this altitude (the usual rule: below it the atmosphere bends and
absorbs the beam; Bhattacherjee and Singla, CoNEXT 2019)."""
