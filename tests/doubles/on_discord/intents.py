"""What a bot must have asked for to be told of an event."""

GUILDS, GUILD_MEMBERS = 1 << 0, 1 << 1
GUILD_MESSAGES, GUILD_REACTIONS = 1 << 9, 1 << 10
DM_MESSAGES, DM_REACTIONS = 1 << 12, 1 << 13
MESSAGE_CONTENT = 1 << 15

PRIVILEGED = GUILD_MEMBERS | 1 << 8 | MESSAGE_CONTENT
"""Off, unless Discord has granted them: members, presences and the content of messages."""
