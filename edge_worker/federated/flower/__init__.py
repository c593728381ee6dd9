"""The same training over several machines, by Flower (extra `federated`)."""
