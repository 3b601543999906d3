"""Values as they come: which are believed, and in which unit the network sees them."""
