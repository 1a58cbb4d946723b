# Recorded games, as batches to learn from.

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
