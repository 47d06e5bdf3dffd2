"""What ledger lines say of earlier events, as codes that writers and readers share (``Decision.said``)."""

from typing import Final

#: A link says that its ends are one matter, or that they are not.
JOINED: Final = "joined"
PARTED: Final = "parted"
