"""What is said: cards, rooms, and the doors people use."""
