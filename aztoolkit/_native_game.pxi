# Rules, move counts, and the encodings of positions and moves.

START_FEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"

cdef tuple _TERMINATIONS = (
    "checkmate",
    "insufficient_material",
    "stalemate",
    "seventyfive_moves",
    "fivefold_repetition",
    "fifty_moves",
    "threefold_repetition",
)


class Outcome(NamedTuple):
    termination: str
    winner: bool | None


cdef class Game:
    cdef cpp.Game game

    def __init__(self, fen=START_FEN, moves=(), *, bint chess960=False):
        try:
            self.game = cpp.Game.from_fen(fen.encode(), chess960)
        except ValueError as error:
            raise PositionError(str(error)) from None
        for uci in moves:
            self.push_uci(uci)

    def copy(self):
        cdef Game other = Game.__new__(Game)
        other.game = self.game
        return other

    def push_uci(self, uci):
        self.game.push(_parse_uci(self, uci))

    def pop(self):
        if self.game.plies() == 0:
            raise PositionError("expected a move to take back, got the first position of the game")
        self.game.pop()

    def fen(self, *, bint always_en_passant=False):
        style = cpp.EnPassantStyle.always if always_en_passant else cpp.EnPassantStyle.legal
        return cpp.to_fen(self.game.position(), style).decode()

    def legal_moves(self):
        cdef cpp.MoveList moves = cpp.legal_moves(self.game.position())
        return [
            cpp.to_uci(self.game.position(), moves[i]).decode() for i in range(moves.size())
        ]

    @property
    def turn(self):
        return self.game.position().turn() == cpp.Color.white

    @property
    def plies(self):
        return self.game.plies()

    @property
    def key(self):
        return self.game.position().key()

    def is_check(self):
        return self.game.position().is_check()

    def is_insufficient_material(self):
        return cpp.is_insufficient_material(self.game.position())

    def has_legal_en_passant(self):
        return self.game.position().has_legal_en_passant()

    def repetitions(self):
        return self.game.repetitions()

    def outcome(self, *, bint claim_draw=False):
        cdef optional[cpp.Outcome] found = self.game.outcome(claim_draw)
        if not found.has_value():
            return None
        cdef cpp.Outcome outcome = found.value()
        winner = None
        if outcome.winner.has_value():
            winner = outcome.winner.value() == cpp.Color.white
        return Outcome(_TERMINATIONS[<int>outcome.termination], winner)


def perft(fen, int depth, *, bint chess960=False):
    if depth < 0:
        raise PositionError(f"expected a perft depth of at least 0, got {depth}")
    cdef Game root = Game(fen, chess960=chess960)
    cdef uint64_t nodes
    with nogil:
        nodes = cpp.perft(root.game.position(), depth)
    return nodes


def perft_divide(fen, int depth, *, bint chess960=False):
    if depth < 1:
        raise PositionError(f"expected a perft depth of at least 1 to divide, got {depth}")
    cdef Game root = Game(fen, chess960=chess960)
    cdef vector[pair[cpp.Move, uint64_t]] counts
    with nogil:
        counts = cpp.perft_divide(root.game.position(), depth)
    return {
        cpp.to_uci(root.game.position(), counts[i].first).decode(): counts[i].second
        for i in range(counts.size())
    }


def encode_batch(games, float[:, :, :, ::1] out, *, encoding="az119"):
    cdef cpp.Encoding chosen = _encoding(encoding)
    cdef size_t batch = len(games)
    cdef vector[const cpp.Game*] pointers
    cdef Game game
    expected = (batch, cpp.plane_count(chosen), 8, 8)
    got = (out.shape[0], out.shape[1], out.shape[2], out.shape[3])
    if got != expected:
        raise ModelError(f"expected an array of shape {expected} to encode into, got {got}")
    pointers.reserve(batch)
    for game in games:
        pointers.push_back(&game.game)
    if batch == 0:
        return
    cdef size_t size = batch * cpp.plane_count(chosen) * 64
    with nogil:
        cpp.encode_batch(
            chosen, cpp.Games(pointers.data(), batch), cpp.Planes(&out[0, 0, 0, 0], size)
        )


def move_index(Game game not None, uci, *, action_space="az4672"):
    cdef cpp.ActionSpace space = _action_space(action_space)
    return cpp.move_index(space, game.game.position(), _parse_uci(game, uci))


def move_indices(Game game not None, *, action_space="az4672"):
    cdef cpp.ActionSpace space = _action_space(action_space)
    cdef cpp.MoveList moves = cpp.legal_moves(game.game.position())
    return {
        cpp.to_uci(game.game.position(), moves[i]).decode():
            cpp.move_index(space, game.game.position(), moves[i])
        for i in range(moves.size())
    }


def move_of_index(Game game not None, int index, *, action_space="az4672"):
    cdef cpp.ActionSpace space = _action_space(action_space)
    cdef optional[cpp.Move] move = cpp.move_of_index(space, game.game.position(), index)
    if not move.has_value():
        raise PositionError(
            f"expected the {action_space} index of a legal move in {game.fen()}, got {index}"
        )
    return cpp.to_uci(game.game.position(), move.value()).decode()


cdef cpp.Move _parse_uci(Game game, uci) except *:
    try:
        return cpp.parse_uci(game.game.position(), uci.encode())
    except ValueError as error:
        raise PositionError(str(error)) from None


cdef cpp.Encoding _encoding(name) except *:
    cdef optional[cpp.Encoding] found = cpp.find_encoding(name.encode())
    if not found.has_value():
        raise ModelError(f"expected the encoding az119 or lc0_112, got {name!r}")
    return found.value()


cdef cpp.ActionSpace _action_space(name) except *:
    cdef optional[cpp.ActionSpace] found = cpp.find_action_space(name.encode())
    if not found.has_value():
        raise ModelError(f"expected the action space az4672 or lc0_1858, got {name!r}")
    return found.value()
