"""`edge-worker` and `python -m edge_worker`: hands over to the command line that is meant."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Reading a capture shouldn't wait for the worker's libraries."""
    if sys.argv[1:2] == ["traffic"]:
        from edge_worker.sensing.traffic.cli import main as traffic

        sys.exit(traffic(sys.argv[2:]))
    from edge_worker.cli import main as worker

    worker()


if __name__ == "__main__":
    main()
