"""What stands between a photo or text and the public."""
