"""Sonar: breathing, heart and presence from a loudspeaker and a microphone.

The signal path, in order: `probe` (what is played), `channel` (what the room makes of
it), `targets` (who is where, and how the chest moves), `vitals` and `presence` (rates,
states). `receiver` joins them; `sources` feeds it; `simulator` is a room without people.
"""
