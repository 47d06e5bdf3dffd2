"""Who asks the archive: the two things of an identity that it needs."""

from dataclasses import dataclass
from typing import Protocol


class Asker(Protocol):
    """Whoever asks, as the gateway proved it: a person or system, acting for one desk."""

    @property
    def subject(self) -> str:
        """Who: it stands in the logs of readings and disclosures."""
        ...

    @property
    def desk(self) -> str:
        """For which desk, ``unit/function``: nothing of any other desk is ever touched."""
        ...


@dataclass(frozen=True, slots=True)
class Somebody:
    """An asker on this machine, whom nobody but the command line vouches for."""

    subject: str
    desk: str
