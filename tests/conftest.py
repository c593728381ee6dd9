"""What all tests share."""

from __future__ import annotations

# Home Assistant's environment has no Hypothesis.
try:
    from hypothesis import settings
except ImportError:
    pass
else:
    # It measures wall time: on a machine that others share it says nothing about the code.
    settings.register_profile("shared-machine", deadline=None)
    settings.load_profile("shared-machine")
