"""Areas: people follow a commune or a circle, and are told of what is published there."""
