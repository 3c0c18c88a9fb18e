"""The citizens' app: report form, offline queue, shell."""
