"""Practice: what law or custom leaves open, as documents with versions that hold from a day on."""
