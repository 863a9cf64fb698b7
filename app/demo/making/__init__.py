"""Makes the demo's world once, from the real streets; nothing here runs in the product."""
