"""Stand-ins for what the studio talks to and a test can't have: they speak the real protocol."""
