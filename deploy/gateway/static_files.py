"""Files that browsers load as they are: with their type, an ETag, and asked for anew each time."""

import mimetypes
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

#: By our own list: a machine's list of types may lack these or give scripts another one, and then none runs.
_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
#: Kept by the browser, and good only after it has asked: a new version is there at once, an old one costs no bytes.
ASK_ANEW: Final = "no-cache"
STATIC: Final = Path(__file__).parent / "static"


class Files(StaticFiles):
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        for ending, kind in _TYPES.items():
            mimetypes.add_type(kind, ending)
        super().__init__(directory=folder)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file as it is sent."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["cache-control"] = ASK_ANEW
        return answer
