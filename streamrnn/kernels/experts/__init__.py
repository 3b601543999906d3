"""Cheap forecasters beside the network, and the mix of them all."""
