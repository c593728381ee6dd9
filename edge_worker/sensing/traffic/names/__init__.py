"""Dissectors: the name of a server from the first packets of a conversation.

One module for one protocol. Every function takes bytes that a stranger may have written,
looks at a bounded number of them, and returns None rather than raising.
"""
