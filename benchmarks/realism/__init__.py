"""`make synthetic-report`: the comparison of synthetic with real recordings, statistic by statistic."""
