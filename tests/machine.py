"""The machine that something was measured on, and when."""

import platform
from datetime import UTC, datetime
from typing import Any

import psutil


def machine() -> dict[str, Any]:
    """What stands before figures. Units: GiB of memory."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
    }
