"""What energy means for the planet: carbon, water, minerals, with the source of every factor."""
