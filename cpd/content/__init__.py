"""Authors' files: reading, checking, rendering, linking and publishing them."""
