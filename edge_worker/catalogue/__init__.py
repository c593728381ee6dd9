"""Cards, typed ports and the model store: where the wings meet."""
