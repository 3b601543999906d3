"""How good were the forecasts: seen beside a baseline, as a table and as a picture."""
