"""The arithmetic of small cases, opened term by term: sizes, convolutions, poolings, full connections, counts."""
