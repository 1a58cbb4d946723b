"""Stage one: self-play, replay and learning; files in, checkpoints out. torch lives here."""
