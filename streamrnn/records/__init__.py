"""What a learner answers, and how it did."""
