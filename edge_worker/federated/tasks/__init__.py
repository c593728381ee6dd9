"""Tasks that can be learnt: data, search space, hand-tuned baseline and how it is judged."""
