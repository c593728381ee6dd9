"""Closed sentence templates for Home Assistant's sentence trigger: a gate, not a parser.

A trigger that matches cannot decline any more, so every template contains a closed
quantity word. What passes is parsed by the grammar from the whole sentence.
"""

from __future__ import annotations

TEMPLATES: tuple[str, ...] = (
    "[please] (monitor|track|watch) [my] (mood|stress|heart rate|breathing)",
    "[请] (监测|监控|关注) [一下] [我] [的] (心情|情绪|压力|心率|呼吸)",
)
"""English and Chinese; sentence triggers do not know languages."""
