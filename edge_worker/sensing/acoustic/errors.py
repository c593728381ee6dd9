"""What can go wrong before a number exists; every message says what to do."""

from __future__ import annotations


class AcousticError(Exception):
    """Root of the sonar's errors: a sentence for people."""


class RecordingError(AcousticError):
    """A recording that cannot be analysed."""


class SoundCardError(AcousticError):
    """A sound card that is missing, busy or unfit."""
