"""The screen: what it looks for, what it found, and what follows from that."""
