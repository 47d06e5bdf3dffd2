"""The publishing page as a part of the gateway."""

import os
import secrets
from pathlib import Path
from typing import Final

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from deploy.gateway.preview import Previewer
from deploy.gateway.publish_routes import Asking, publish_router
from deploy.gateway.returned import Returns
from deploy.gateway.running_pack import RunningPack
from deploy.gateway.static_files import STATIC, Files
from producers.http.bus import Bus
from producers.http.intake import Intake
from producers.http.limits import Rates
from producers.page import assets
from producers.page.references import KEY_BYTES, References
from producers.page.router import Kept, Sent, page_router
from schemas.substances import load_substances
from streams.core.reference import Reference

NAME: Final = "publish"
KEY_FILE: Final = "reference.key"
#: How many events one person may send, have looked at before, and ask about, in a second in the long run.
_SENT, _LOOKED_AT, _ASKED = 5.0, 5.0, 2.0


def part(context: Context) -> Part:
    """The part. The key of references is made at the first start, unless ``SAMBUS_REFERENCE_KEY`` names its file."""
    bus, codec, substances = Bus(context.kafka), context.codec, load_substances()
    intake = Intake(bus, context.gazetteer, substances, tracer=context.tracer, codec=codec)
    references = References(reference_key(context.folder / NAME))
    sent = Sent(context.authenticator, references, context.limits, rate=_SENT)
    # What is only looked at is hashed under a key that nobody else has: trying numbers out here tells nothing of any.
    looked_at = Sent(context.authenticator, References(secrets.token_bytes(KEY_BYTES)), context.limits, rate=_LOOKED_AT)
    kept = Kept(context.gazetteer, substances, {"/static": STATIC, assets.UNDER: assets.STATIC})
    more = publish_router(
        intake,
        looked_at,
        RunningPack(context.kafka, context.gazetteer, codec),
        Previewer(Reference(context.gazetteer, substances), codec),
        Returns(context.kafka, context.gazetteer, codec),
        Asking(context.authenticator, Rates(_ASKED, 40)),
    )
    return Part(
        NAME,
        (page_router(kept, intake, sent), more),
        mounts={assets.UNDER: Files(assets.STATIC)},
        lifespan=lambda: bus,
        figures=intake.figures,
    )


def reference_key(folder: Path) -> bytes:
    """The key under which numbers are hashed. Gateways whose hashes must meet need the same one.

    Errors: ``ValueError`` for a file without a key, ``OSError``.
    """
    named = os.environ.get("SAMBUS_REFERENCE_KEY")
    path = Path(named) if named else folder / KEY_FILE
    if not named and not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path.name}: a key of references is {KEY_BYTES} bytes in hex")
    return key
