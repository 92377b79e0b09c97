"""What the tests stand on: real parts, started here and stopped here."""
