"""Plays models in the browser: an API over the search, and a page that talks to it.

cli       the command                   api       routes: validate, delegate, answer
server    socket, signals, uvicorn      events, analysis   the same for WebSockets; streams: all of them
app       puts the parts together       play      what players may do to a game
guard     who may ask: hosts, origins,  sessions  the games in memory
          sizes; access: the token      searches  all searches, off the event loop
limiter   how often                     batcher   one network, asked for all its searches together
catalog   models on disk -> engines     schemas   what goes over the wire
"""
