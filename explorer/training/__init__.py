"""Networks that learn while somebody watches: a LeNet-5 the shipped digits, a last layer a person's own classes."""
