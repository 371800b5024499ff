"""Making the model: raw tables, training table, model, and the record of how it came about."""
