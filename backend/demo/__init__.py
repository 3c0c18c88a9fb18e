"""The demo province: everything a fresh installation shows, removable by one command."""
