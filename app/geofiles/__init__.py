"""Files and geometry from outside: read, converted to WGS-84 and checked before anything else sees them."""
