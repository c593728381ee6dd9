"""Federated training whose configurations a language model proposes, safely."""
