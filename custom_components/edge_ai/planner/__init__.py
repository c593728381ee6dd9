"""From a sentence to a checked plan: pure functions, standard library only.

Nothing here imports Home Assistant or talks to the network; the language model is an
injected function. The integration, the evaluation and the tests share these modules.
"""
