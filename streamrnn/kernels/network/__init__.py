"""The recurrent network: its products and cells, forward and back through the window, and how it learns."""
