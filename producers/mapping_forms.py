"""The form of a mapping file: what it may say, before it is held against the event type."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

_Column = Annotated[str, Field(min_length=1, max_length=200)]


class Form(BaseModel):
    """Base of what a mapping file says: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileForm(Form):
    """How the file is written. ``delimiter`` and ``encoding`` are for CSV alone."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str = "utf-8"
    decimal: Annotated[str, Field(pattern=r"^[.,]$")] = "."
    zone: str = "Europe/Stockholm"


class FieldForm(Form):
    """From which column a field comes, and how its cells are read.

    Shape: ``words`` stand for values; ``time`` is a form of ``strptime``; ``split`` parts a list; ``default`` is for
    an empty cell; with ``hash`` a keyed hash stands for what the cell says.
    """

    column: _Column
    words: dict[str, Any] | None = None
    time: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    decimal: Annotated[str, Field(pattern=r"^[.,]$")] | None = None
    split: Annotated[str, Field(min_length=1, max_length=5)] | None = None
    default: Any = None
    hash: bool = False


class MappingForm(Form):
    """A mapping file.

    Shape: ``same`` are fields that are alike in all rows; ``fields`` come from columns, a bare name being short for
    ``{column: name}``. Events get ids of the time ``id_time``, by default that at which each was reported.
    """

    event_type: str
    file: FileForm = FileForm()
    id_time: AwareDatetime | None = None
    same: dict[str, Any] = {}
    fields: Annotated[dict[str, FieldForm | _Column], Field(min_length=1)]


def field_form(said: FieldForm | str) -> FieldForm:
    """A field's form, also from its short form."""
    return FieldForm(column=said) if isinstance(said, str) else said
