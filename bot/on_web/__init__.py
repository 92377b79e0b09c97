"""The web room: the studio as a page."""
