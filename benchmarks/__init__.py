"""What the README claims, measured; results are saved as JSON."""
