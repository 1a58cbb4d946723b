"""Stage three: matches, and the gate that accepts or rejects an engine by them."""
