# The tree search of one game, and of many at once.

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
        double policy_temperature,
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
        config.policy_temperature = policy_temperature
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
