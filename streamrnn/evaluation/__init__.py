"""How good were the forecasts: forecasters side by side, graded and tested; as figures, pictures and one page."""
