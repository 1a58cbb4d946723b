# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=False
"""The one door into C++: thin wrappers; the signatures and their meaning are in `_native.pyi`."""

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libcpp.memory cimport make_shared, make_unique, shared_ptr, unique_ptr
from libcpp.optional cimport optional
from libcpp.pair cimport pair
from libcpp.vector cimport vector

from aztoolkit cimport _cpp as cpp

from typing import NamedTuple

from aztoolkit.errors import ModelError, PositionError

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


# --- search -------------------------------------------------------------------------------------


cdef class EvaluationCache:
    cdef shared_ptr[cpp.EvaluationCache] cache

    def __init__(self, size_t memory_mb):
        self.cache = make_shared[cpp.EvaluationCache](memory_mb << 20)

    def clear(self):
        self.cache.get().clear()

    @property
    def lookups(self):
        return self.cache.get().lookups()

    @property
    def hits(self):
        return self.cache.get().hits()

    @property
    def memory_bytes(self):
        return self.cache.get().memory_bytes()


cdef class Search:
    cdef unique_ptr[cpp.Search] search

    def __init__(
        self,
        *,
        algorithm,
        encoding,
        action_space,
        int batch_size,
        double c_puct,
        double c_puct_base,
        double fpu_reduction,
        double noise_alpha,
        double noise_fraction,
        int considered_moves,
        double gumbel_scale,
        double c_visit,
        double c_scale,
        bint prove_ends,
        bint find_mates,
        uint64_t seed,
        size_t memory_mb,
        EvaluationCache cache=None,
    ):
        cdef cpp.SearchConfig config
        config.algorithm = (
            cpp.Algorithm.gumbel if algorithm == "gumbel" else cpp.Algorithm.puct
        )
        config.encoding = _encoding(encoding)
        config.action_space = _action_space(action_space)
        config.batch_size = batch_size
        config.c_puct = c_puct
        config.c_puct_base = c_puct_base
        config.fpu_reduction = fpu_reduction
        config.noise_alpha = noise_alpha
        config.noise_fraction = noise_fraction
        config.considered_moves = considered_moves
        config.gumbel_scale = gumbel_scale
        config.c_visit = c_visit
        config.c_scale = c_scale
        config.prove_ends = prove_ends
        config.find_mates = find_mates
        config.seed = seed
        config.memory_bytes = memory_mb << 20
        cdef shared_ptr[cpp.EvaluationCache] shared
        if cache is not None:
            shared = cache.cache
        self.search = make_unique[cpp.Search](config, shared)

    def set_game(self, Game game not None):
        self.search.get().set_game(game.game)

    def push_uci(self, uci):
        cdef cpp.Move move
        try:
            move = cpp.parse_uci(self.search.get().game().position(), uci.encode())
        except ValueError as error:
            raise PositionError(str(error)) from None
        self.search.get().push(move)

    def start(self, uint32_t simulations):
        cdef cpp.Search* search = self.search.get()
        if cpp.count_legal_moves(search.game().position()) == 0:
            fen = cpp.to_fen(search.game().position(), cpp.EnPassantStyle.legal).decode()
            raise PositionError(f"expected a position with a legal move, got {fen!r}")
        with nogil:
            search.start(simulations)

    def stop(self):
        self.search.get().stop()

    @property
    def done(self):
        return self.search.get().done()

    @property
    def waiting(self):
        return self.search.get().waiting()

    def gather(self, float[:, :, :, ::1] planes):
        cdef cpp.Search* search = self.search.get()
        cdef size_t found, size = _check_planes(search, planes)
        if size == 0:
            return 0
        with nogil:
            found = search.gather(cpp.Planes(&planes[0, 0, 0, 0], size))
        return found

    def apply(self, const float[:, ::1] policy, const float[:, ::1] wdl):
        cdef cpp.Search* search = self.search.get()
        cdef size_t leaves = search.waiting()
        _check_logits(search, leaves, policy, wdl)
        if leaves == 0:
            return
        with nogil:
            search.apply(
                cpp.Logits(&policy[0, 0], leaves * policy.shape[1]),
                cpp.Logits(&wdl[0, 0], leaves * wdl.shape[1]),
            )

    def result(self):
        cdef cpp.SearchResult found = cpp.result_of(self.search.get()[0])
        cdef cpp.RootMove* move
        cdef size_t i
        rows = []
        for i in range(found.moves.size()):
            move = &found.moves[i]
            rows.append((
                _plain(move.move), move.index, move.visits, move.prior, move.value, <int>move.end
            ))
        return RootResult(
            rows=rows,
            wdl=(found.win, found.draw, found.loss),
            end=<int>found.end,
            pv=[_plain(found.pv[i]) for i in range(found.pv.size())],
            improved=found.improved,
            chosen=found.chosen.value() if found.chosen.has_value() else None,
            simulations=self.search.get().simulations(),
            out_of_memory=self.search.get().out_of_memory(),
        )

    def rows(self):
        cdef vector[cpp.TreeRow] found = cpp.rows_of(self.search.get()[0])
        cdef cpp.TreeRow* row
        cdef size_t i
        rows = []
        for i in range(found.size()):
            row = &found[i]
            rows.append((
                row.depth, _plain(row.move), row.visits, row.prior, row.value_sum, row.draw_sum,
                <int>row.end,
            ))
        return rows

    def memory(self):
        cdef const cpp.Tree* tree = &self.search.get().tree()
        return TreeMemory(
            nodes=tree.node_count(),
            edges=tree.edge_count(),
            used_bytes=tree.used_bytes(),
            held_bytes=tree.held_bytes(),
        )


class RootResult(NamedTuple):
    rows: list
    wdl: tuple
    end: int
    pv: list
    improved: list
    chosen: int | None
    simulations: int
    out_of_memory: bool


class TreeMemory(NamedTuple):
    nodes: int
    edges: int
    used_bytes: int
    held_bytes: int


cdef class GamePool:
    cdef unique_ptr[cpp.GamePool] pool
    cdef readonly list searches  # keeps alive what the pool points to
    cdef cpp.Search* first

    def __init__(self, searches):
        cdef vector[cpp.Search*] pointers
        cdef Search search
        self.searches = list(searches)
        for search in self.searches:
            pointers.push_back(search.search.get())
        assert pointers.size() > 0, "a pool of no searches"
        self.first = pointers[0]
        self.pool = make_unique[cpp.GamePool](pointers)

    @property
    def done(self):
        return self.pool.get().done()

    def stop(self):
        self.pool.get().stop()

    def gather(self, float[:, :, :, ::1] planes):
        cdef cpp.GamePool* pool = self.pool.get()
        cdef size_t found, size = _check_planes(self.first, planes)
        if size == 0:
            return 0
        with nogil:
            found = pool.gather(cpp.Planes(&planes[0, 0, 0, 0], size))
        return found

    def apply(self, const float[:, ::1] policy, const float[:, ::1] wdl):
        cdef cpp.GamePool* pool = self.pool.get()
        cdef size_t leaves = pool.waiting()
        _check_logits(self.first, leaves, policy, wdl)
        if leaves == 0:
            return
        with nogil:
            pool.apply(
                cpp.Logits(&policy[0, 0], leaves * policy.shape[1]),
                cpp.Logits(&wdl[0, 0], leaves * wdl.shape[1]),
            )


cdef size_t _check_planes(cpp.Search* search, float[:, :, :, ::1] planes) except? 0:
    cdef int expected = cpp.plane_count(search.config().encoding)
    if planes.shape[1] != expected or planes.shape[2] != 8 or planes.shape[3] != 8:
        got = tuple(planes.shape[i] for i in range(4))
        raise ModelError(f"expected planes of shape [B, {expected}, 8, 8], got {got}")
    return planes.size


cdef int _check_logits(
    cpp.Search* search, size_t leaves, const float[:, ::1] policy, const float[:, ::1] wdl
) except -1:
    cdef int actions = cpp.action_count(search.config().action_space)
    expected = ((leaves, actions), (leaves, 3))
    got = ((policy.shape[0], policy.shape[1]), (wdl.shape[0], wdl.shape[1]))
    if got != expected:
        raise ModelError(f"expected policy and wdl logits of shapes {expected}, got {got}")
    return 0


cdef tuple _plain(cpp.PlainMove move):
    return (move.from_square, move.to, move.promotion)


# --- replay -------------------------------------------------------------------------------------


class ReplayMemory(NamedTuple):
    positions: int
    games: int
    bytes: int


cdef class ReplayBuffer:
    cdef unique_ptr[cpp.ReplayBuffer] buffer

    def __init__(self, size_t memory_bytes):
        self.buffer = make_unique[cpp.ReplayBuffer](memory_bytes)

    def add(
        self, start_fen, moves, *, searched, policy_index, policy_weight, wdl, int result
    ):
        cdef cpp.GameRecord record
        cdef cpp.ReplayBuffer* buffer = self.buffer.get()
        try:
            record.start_fen = start_fen.encode()
            record.moves = [uci.encode() for uci in moves]
            record.searched = searched
            record.policy_index = policy_index
            record.policy_weight = policy_weight
            record.wdl = wdl
            record.result = result
            with nogil:
                buffer.add(record)
        except (ValueError, OverflowError) as error:
            raise PositionError(str(error)) from None

    def limit(self, uint64_t positions):
        self.buffer.get().limit(positions)

    def memory(self):
        cdef cpp.ReplayMemory found = self.buffer.get().memory()
        return ReplayMemory(found.positions, found.games, found.bytes)

    def write(self, places, mirrored, *, planes, policy, legal, wdl):
        cdef int channels = cpp.plane_count(cpp.Encoding.az119)
        cdef int actions = cpp.action_count(cpp.ActionSpace.az4672)
        cdef size_t batch = len(places)
        expected = ((batch,), (batch, channels, 8, 8), (batch, actions), (batch, actions), (batch, 3))
        got = tuple(array.shape for array in (mirrored, planes, policy, legal, wdl))
        if got != expected:
            raise ModelError(f"expected arrays of shapes {expected} to write into, got {got}")
        if batch == 0:
            return
        try:
            _write(self.buffer.get()[0], places, mirrored, planes, policy, legal, wdl)
        except ValueError as error:
            raise PositionError(str(error)) from None


cdef int _write(
    cpp.ReplayBuffer& buffer,
    const double[::1] places,
    const uint8_t[::1] mirrored,
    float[:, :, :, ::1] planes,
    float[:, ::1] policy,
    uint8_t[:, ::1] legal,
    float[:, ::1] wdl,
) except -1:
    cdef size_t batch = places.shape[0]
    cdef cpp.Rows rows
    rows.planes = cpp.Planes(&planes[0, 0, 0, 0], planes.size)
    rows.policy = cpp.Planes(&policy[0, 0], policy.size)
    rows.legal = cpp.Bytes(&legal[0, 0], legal.size)
    rows.wdl = cpp.Planes(&wdl[0, 0], wdl.size)
    with nogil:
        buffer.write(cpp.Places(&places[0], batch), cpp.Flags(&mirrored[0], batch), rows)
    return 0
