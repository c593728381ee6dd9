"""App usage from home traffic: sources, server names, categories, windows.

The way of a packet: `capture_file` or `live` → `layers` (whole batches at once) →
`flows` (who talks to whom, `names` for which server) → `categories` → `slices` → `windows`.
"""
