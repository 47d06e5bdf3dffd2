// WGS 84 to SWEREF 99 TM: Gauss's conformal projection as Lantmäteriet publishes it, to a metre.

const AXIS = 6_378_137.0;
const FLATTENING = 1 / 298.257222101;
const CENTRAL = (15 * Math.PI) / 180;
const SCALE = 0.9996;
const FALSE_EAST = 500_000;

const e2 = FLATTENING * (2 - FLATTENING);
const n = FLATTENING / (2 - FLATTENING);
const HAT = (AXIS / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64);
const A = e2;
const B = (5 * e2 ** 2 - e2 ** 3) / 6;
const C = (104 * e2 ** 3 - 45 * e2 ** 4) / 120;
const D = (1237 * e2 ** 4) / 1260;
const BETA = [
  n / 2 - (2 * n ** 2) / 3 + (5 * n ** 3) / 16 + (41 * n ** 4) / 180,
  (13 * n ** 2) / 48 - (3 * n ** 3) / 5 + (557 * n ** 4) / 1440,
  (61 * n ** 3) / 240 - (103 * n ** 4) / 140,
  (49561 * n ** 4) / 161280,
];

/** East and north in metres of a longitude and latitude in degrees. */
export function toSweref(lon, lat) {
  const phi = (lat * Math.PI) / 180;
  const sin = Math.sin(phi);
  const conformal = phi - sin * Math.cos(phi) * (A + B * sin ** 2 + C * sin ** 4 + D * sin ** 6);
  const away = (lon * Math.PI) / 180 - CENTRAL;
  const xi = Math.atan(Math.tan(conformal) / Math.cos(away));
  const eta = Math.atanh(Math.cos(conformal) * Math.sin(away));
  let [north, east] = [xi, eta];
  BETA.forEach((beta, at) => {
    const k = 2 * (at + 1);
    north += beta * Math.sin(k * xi) * Math.cosh(k * eta);
    east += beta * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return [SCALE * HAT * east + FALSE_EAST, SCALE * HAT * north];
}
