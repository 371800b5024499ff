"""`python -m training`: the tables, then the model. The entry point of the training image."""

from training import tables, train

tables.main()
train.main()
