"""nfstream (nDPI) as a source behind the same interface; optional, `edge-worker[nfstream]`.

Its engine sees flows only when packets come (nfstream issues 196 and 215) and reads only
files, so this source is for captures: to compare, or where nDPI's labels are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edge_worker.catalogue.tool import SourceError
from edge_worker.sensing.traffic.ndpi import ndpi_entry
from edge_worker.sensing.traffic.observation import NameSource, Observation
from edge_worker.sensing.traffic.watch import Watch, ip_words


def nfstream_observations(path: Path, watch: Watch) -> Iterator[Sequence[Observation]]:
    """Yield one observation for each flow of a watched address in a capture file.

    Raises SourceError when nfstream isn't installed or refuses the file.
    """
    try:
        from nfstream import NFStreamer
    except ImportError as error:
        raise SourceError("nfstream is not installed: pip install nfstream") from error
    try:
        flows = NFStreamer(source=str(path), n_dissections=20, statistical_analysis=False)
        for flow in flows:
            yield list(observations_of_flow(flow, watch))
    except ValueError as error:
        raise SourceError("nfstream cannot read this capture") from error


def observations_of_flow(flow: Any, watch: Watch) -> Iterator[Observation]:
    """What an nfstream flow tells about each of its watched ends."""
    entry = ndpi_entry(str(flow.application_name), str(flow.application_category_name))
    name = str(flow.requested_server_name) or None
    ends = (
        (flow.src_ip, flow.src2dst_bytes, flow.dst2src_bytes),
        (flow.dst_ip, flow.dst2src_bytes, flow.src2dst_bytes),
    )
    for address, up, down in ends:
        words = ip_words(str(address))
        person = watch.ips.get(words) if words is not None else None
        if person is None:
            continue
        yield Observation(
            t0=flow.bidirectional_first_seen_ms / 1000,
            t1=max(flow.bidirectional_last_seen_ms, flow.bidirectional_first_seen_ms + 1) / 1000,
            client=watch.ids[person],
            name=name,
            name_source=NameSource.SNI if name else None,
            label=entry,
            up=int(up),
            down=int(down),
            packets=int(flow.bidirectional_packets),
        )
