"""A model as a UCI engine, for any chess program.

    stdin ──▶ engine.py ──go──▶ job.py ─────▶ thinking.py ──▶ stdout
              reads lines,      one thread     gather, ask the network, apply,
              answers at once   for each `go`  until clock.py says stop
                  │
                  └─setoption─▶ networks.py    one thread, which opens models; a search takes the
                                               network that is ready when it starts

Source of the protocol: Stefan Meyer-Kahlen, "UCI protocol", 2006
(https://www.shredderchess.com/download/div/uci.zip).
"""
