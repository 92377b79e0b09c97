"""What the community allows and decides: rules, the desk, the sweep."""
