"""The same numbers by fewer operations, for live sources; what is faster is proved equal before it is used."""
