"""What all pages share, as a part of the gateway: style sheets, modules and words under ``/static/``."""

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from deploy.gateway.static_files import STATIC, Files


def part(context: Context) -> Part:  # noqa: ARG001 - one signature for all parts
    """The part."""
    return Part("assets", mounts={"/static": Files(STATIC)})
