"""The vitals network: rates from the sonar's range map where signal processing gives none."""
