"""The supervised start: learning from games of others before self-play begins.

    games.pgn   --(pgn)-----\
                             RUN/supervised/*/replay/shard-*.parquet --(learning)--> checkpoints
    Stockfish   --(teacher)-/
"""
