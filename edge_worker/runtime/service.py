"""The roles of this process, started and stopped together."""

from __future__ import annotations

import logging
import threading

from edge_worker.runtime.device import DeviceService
from edge_worker.runtime.people import PeopleStore
from edge_worker.runtime.toolbox import load_tools
from edge_worker.settings import Role, Settings

_LOGGER = logging.getLogger(__name__)


def run(settings: Settings, stop: threading.Event) -> None:
    """Serve until `stop` is set.

    A hub is a device as well: what needs its store of persons runs there.
    Raises OSError when the data folder can't be written.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    people = PeopleStore(settings.data_dir)
    tools = load_tools()
    hub = None
    if Role.HUB in settings.roles:
        from edge_worker.runtime.hub import HubService  # a mere device need not load it

        hub = HubService(settings, people, tools)
    device = DeviceService(settings, tools, people)
    if hub:
        hub.start()
    device.start()
    _LOGGER.info(
        "Worker %s runs as %s", settings.device.id, " and ".join(sorted(set(settings.roles)))
    )
    stop.wait()
    device.stop()
    if hub:
        hub.stop()
