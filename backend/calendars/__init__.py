"""Working time: which moments count, and how far a number of hours or days reaches."""
