"""From raw codes to the SI columns of a rail: decoding, correction, alignment, traces."""
