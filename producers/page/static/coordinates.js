// Coordinates as people paste them: with dots or commas, with or without letters, latitude first or longitude first.

/** Where Sweden is, to tell a latitude from a longitude. */
const LAT = [54, 70];
const LON = [9, 26];

/** {lat, lon} with at most five decimals, as text; null when the text is no place. */
export function coordinates(text) {
  const plain = text.replace(/[NnÖöEe°º()[\]]/g, " ").trim();
  const dotted = plain.match(/^(-?\d+(?:\.\d+)?)[\s,;]+(-?\d+(?:\.\d+)?)$/);
  const commas = plain.match(/^(-?\d+,\d+)(?:[;,]\s*|\s+)(-?\d+,\d+)$/);
  const found = commas ?? dotted;
  if (!found) return null;
  const [first, second] = found.slice(1).map((number) => Number(number.replace(",", ".")));
  const turned = within(first, LON) && within(second, LAT);
  const [lat, lon] = turned ? [second, first] : [first, second];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat: rounded(lat), lon: rounded(lon) } : null;
}

/** A number with five decimals: a metre. */
export function rounded(number) {
  return number.toFixed(5);
}

/** The place where this machine is: {lat, lon, accuracy_m}. Errors: the browser's, when it is not told or not known. */
export function here() {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: rounded(coords.latitude), lon: rounded(coords.longitude), accuracy_m: Math.ceil(coords.accuracy) }),
      reject,
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    );
  });
}

function within(number, [from, to]) {
  return number >= from && number <= to;
}
