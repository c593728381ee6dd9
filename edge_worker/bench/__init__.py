"""Side-by-side benchmarks: one command each, JSON with versions and hardware."""
