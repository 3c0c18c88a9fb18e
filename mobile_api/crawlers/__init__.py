"""What search engines are told: where they may go, and which reports are public."""
