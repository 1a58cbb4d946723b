"""Plays a model in the browser: a REST API over the search, and a page that talks to it.

cli       the command                 api       routes: validate, delegate, answer
server    socket, signals, uvicorn    play      what a player may do to a game
app       puts the parts together     sessions  the games in memory
catalog   models on disk -> engines   workers   searches, off the event loop
"""
