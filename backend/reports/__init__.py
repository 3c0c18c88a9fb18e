"""Citizens' reports: what may happen to one, who answers it, and by when."""
