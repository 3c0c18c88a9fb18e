"""Privacy: what people may ask of the data about them, and how long anything is kept."""
