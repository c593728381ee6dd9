"""Mood: activation from heart and breathing, valence from check-ins and app usage, fused."""
