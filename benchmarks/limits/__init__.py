"""What an update cannot do without, each part at its fastest."""
