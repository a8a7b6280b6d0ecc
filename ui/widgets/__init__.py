"""Parts that know neither store nor controller."""
