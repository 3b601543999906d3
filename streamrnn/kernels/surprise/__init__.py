"""How far off a forecast may be, and how surprising it is what came: intervals and anomaly scores."""
