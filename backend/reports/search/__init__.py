"""Reports by the words in them."""
