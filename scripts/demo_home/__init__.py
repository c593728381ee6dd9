"""A whole home on one computer: broker, hub, device and a real Home Assistant."""
