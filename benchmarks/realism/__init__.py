"""`make synthetic-report`: how like real recordings the synthetic ones are, statistic by statistic."""
