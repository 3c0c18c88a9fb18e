"""History of another system: its CSV becomes reports with real event chains, once."""
