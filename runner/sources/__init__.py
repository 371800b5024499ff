"""Tables wherever they lie: found, fetched, and behind one seam (`source.Source`) asked by everyone else."""
