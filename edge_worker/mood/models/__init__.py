"""Shipped models: JSON files with a card beside each, which holds origin, limits and hash."""
