"""The bays of a station, who works there, and the wall that shows them."""
