"""Messages: who is told of an event, in which words, and how it reaches their devices."""
