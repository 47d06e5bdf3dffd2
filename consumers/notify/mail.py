"""E-mail: a digest that says which flash alerts there are, by type and area, with links. Nobody's data, no text."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final
from zoneinfo import ZoneInfo

from consumers.notify.flash import Flash, link_to, places_of, title_of
from schemas.gazetteer import Gazetteer

_HERE: Final = ZoneInfo("Europe/Stockholm")
_ANSWER_SECONDS: Final = 20.0
_WORDS: Final = {
    "sv": {
        "subject": "Blixtlarm i Sambus: {count} st",
        "one": "Blixtlarm i Sambus: {title}",
        "line": "{at}  {title}, {places}",
        "made_up": "ÖVNING",
        "end": "Innehållet läses i Sambus av den som har behörighet. Svara inte på detta brev.",
    },
    "en": {
        "subject": "Flash alerts in Sambus: {count}",
        "one": "Flash alert in Sambus: {title}",
        "line": "{at}  {title}, {places}",
        "made_up": "EXERCISE",
        "end": "The content is read in Sambus by those who may. Do not answer this letter.",
    },
}


@dataclass(frozen=True, slots=True)
class Mailer:
    """A mail server, and who writes. Errors of ``send``: ``smtplib.SMTPException`` and ``OSError``.

    Shape: without ``starttls`` only a server on this machine is spoken to.
    """

    host: str
    port: int
    sender: str
    starttls: bool = True
    user: str | None = None
    password: str | None = None

    async def send(self, message: EmailMessage) -> None:
        """Send a letter."""
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        with smtplib.SMTP(self.host, self.port, timeout=_ANSWER_SECONDS) as server:
            if self.starttls:
                server.starttls(context=ssl.create_default_context())
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password)
            server.send_message(message)


def digest(
    flashes: Sequence[Flash], *, to: Sequence[str], sender: str, link: str, lang: str, gazetteer: Gazetteer
) -> EmailMessage:
    """A letter about some flash alerts, at least one."""
    words = _WORDS[lang]
    message = EmailMessage()
    title = title_of(flashes[0], lang)
    subject = words["one"].format(title=title) if len(flashes) == 1 else words["subject"].format(count=len(flashes))
    made_up = all(flash.synthetic for flash in flashes)
    message["Subject"] = f"{words['made_up']}: {subject}" if made_up else subject
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="sambus.invalid")
    message["Auto-Submitted"] = "auto-generated"
    lines = [
        line for flash in flashes for line in (_line(flash, lang, gazetteer), link_to(link, flash.delivery_id), "")
    ]
    message.set_content("\n".join([*lines, words["end"], ""]))
    return message


def _line(flash: Flash, lang: str, gazetteer: Gazetteer) -> str:
    words = _WORDS[lang]
    said = words["line"].format(
        at=flash.published_at.astimezone(_HERE).strftime("%Y-%m-%d %H:%M"),
        title=title_of(flash, lang),
        places=", ".join(places_of(flash, gazetteer)) or "–",
    )
    return f"{words['made_up']}  {said}" if flash.synthetic else said
