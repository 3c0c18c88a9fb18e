"""Names, codes and middles of the demo province's units, from open packages."""
