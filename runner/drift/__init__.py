"""Has a table moved away from the one that a model was trained on? By effect size, never by a p-value alone.

Pure numpy, no I/O: bins that the reference fixes (bins, categories), counts, effects with a lower bound that
holds simultaneously over all columns (effects), the joint distribution (joint), and the power of it all.
"""
