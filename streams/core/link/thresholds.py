"""The thresholds of matching, as the data file states them: one version for all types, named in every link."""

from functools import lru_cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import Field

from schemas.model import Model, Ref

Metres = Annotated[int, Field(ge=1, le=100_000, strict=True)]
Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 400, strict=True)]
Days = Annotated[int, Field(ge=1, le=400, strict=True)]
Words = Annotated[int, Field(ge=1, le=100, strict=True)]
Share = Annotated[float, Field(gt=0, le=1)]


class PlaceTime(Model):
    """Near enough in place and time."""

    metres: Metres
    minutes: Minutes

    @property
    def window_ms(self) -> int:
        """The time, in ms."""
        return self.minutes * 60_000


class Observations(PlaceTime):
    """Observations: within ``told_again_minutes`` one observer tells of the same thing again."""

    told_again_minutes: Minutes


class Seizures(PlaceTime):
    """Joint seizures: a mass may differ by this share of the larger."""

    mass: Share


class Scenes(Model):
    """Open drug scenes: the same one, and one that moved here."""

    metres: Metres
    days: Days
    displaced_metres: Metres
    displaced_days: Days


class Reports(Model):
    """Intelligence reports: same source, persons or objects, and like words; less like ones for both in common."""

    text: Share
    text_of_both: Share
    one_desk_minutes: Minutes
    days: Days
    metres: Metres


class Alerts(Model):
    """Substance alerts: an update follows the last one within so many days."""

    days: Days


class Finance(Model):
    """Financial intelligence: the same payment told twice."""

    amount: Share
    days: Days


class Listings(Model):
    """Listings: copied text, and pictures that differ in at most so many of 64 bits."""

    text: Share
    image_bits: Annotated[int, Field(ge=0, le=16, strict=True)]
    days: Days


class Notices(Model):
    """Public notices of one incident: like words within minutes; less like ones when they were published at once.

    Shape: across places they must be near, and of so many words that they are no form; of fewer when they are copies,
    published within ``copies_minutes``. Kinds of ``forms`` are published everywhere in the same words.
    """

    minutes: Minutes
    text: Share
    at_once_minutes: Minutes
    text_at_once: Share
    metres: Annotated[int, Field(ge=1, le=2_000_000, strict=True)]
    text_across: Share
    words: Words
    copies_minutes: Minutes
    words_of_copies: Words
    forms: list[Ref]
    summary_minutes: Minutes


class Echoes(Model):
    """Retellings that share only some roots: alike in words and in length they are echoes; otherwise related."""

    text: Share
    length: Share


class Thresholds(Model):
    """Every threshold. A link names the version by which it was found."""

    version: Ref
    echo: Echoes
    violence_incident: PlaceTime
    surveillance_observation: Observations
    drug_poisoning: PlaceTime
    drug_seizure: Seizures
    open_drug_scene: Scenes
    intelligence_report: Reports
    substance_alert: Alerts
    financial_intelligence: Finance
    online_market_listing: Listings
    public_notice: Notices


@lru_cache(maxsize=1)
def load_thresholds() -> Thresholds:
    """The thresholds that the package carries."""
    text = (files("streams") / "matching" / "thresholds.yaml").read_text(encoding="utf-8")
    return Thresholds.model_validate(yaml.safe_load(text))
