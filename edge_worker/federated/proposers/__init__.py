"""Who proposes the next attempt: a language model, chance, or a few rules of thumb."""
