"""What the assets run on: competition data, store, accelerator, tracking, experiment, and the runs themselves."""
