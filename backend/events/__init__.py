"""Events: per case, append-only, hash-chained; history, audit trail and outbox at once."""
