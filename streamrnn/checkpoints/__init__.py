"""A learner <-> a safetensors file."""
