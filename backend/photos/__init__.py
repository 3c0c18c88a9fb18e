"""Photos: received into quarantine, made harmless by the worker, shown only when ready."""
