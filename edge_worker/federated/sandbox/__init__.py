"""Runs code that a language model wrote, so that only checked arrays come out of it."""
