"""Runs plans: the hub's commands and monitors, and the tools of this device."""
