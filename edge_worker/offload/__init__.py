"""Split neural models: every layer where it belongs, features coded on the way."""
