"""The public map's clusters: sums over quadtree cells, kept up to date from small deltas."""
