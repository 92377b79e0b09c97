"""What is so: the tables, the state machine, the line, the outbox, the media store, the broker's bell."""
