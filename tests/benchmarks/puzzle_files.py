"""Suites of a few positions, for tests to write."""

HEADER = "PuzzleId,FEN,Moves,Rating,RatingDeviation,Themes\n"
TWO_MOVES = "two,r5k1/6pp/7N/8/2Q5/8/8/6K1 b - - 0 1,g8h8 c4g8 a8g8 h6f7,1400,75,smotheredMate\n"
"""The only mate in two; search finds it, even one without a network."""
ONE_MOVE = "one,6k1/p4ppp/8/8/8/8/5PPP/4R1K1 b - - 0 1,a7a5 e1e8,1000,75,mateIn1\n"
"""Any search sees it."""
QUIET = "quiet,6k1/p4ppp/8/8/8/8/R4PPP/6K1 b - - 0 1,g8f8 h2h4,1800,75,\n"
"""Solved by an odd move that a search without a network does not prefer."""
MATE = '7k/5ppp/8/8/8/8/8/R5K1 w - - bm Ra8#; id "mate";\n'
NOT_MATE = '7k/5ppp/8/8/8/8/7P/R5K1 w - - am Ra8#; id "avoid";\n'
