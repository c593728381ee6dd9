"""The worker of Edge AI: hub or device of a home that answers requests by sensing."""

__version__ = "0.1.0"
