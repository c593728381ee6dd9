"""Sensors: what happens in the room and on the home network."""
