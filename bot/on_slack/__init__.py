"""The Slack room: it paints cards, brings people's acts to the desk, and decides nothing."""
