"""Mirror of the C++ headers in `cpp/`, nothing else; `string` stands for `string_view`."""

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.memory cimport shared_ptr
from libcpp.optional cimport optional
from libcpp.pair cimport pair
from libcpp.string cimport string
from libcpp.vector cimport vector


cdef extern from "chess/types.h" namespace "az" nogil:
    cdef enum class Color(unsigned char):
        white
        black


cdef extern from "chess/move.h" namespace "az" nogil:
    cdef cppclass Move:
        Move()
        uint16_t bits()


cdef extern from "chess/position.h" namespace "az" nogil:
    cdef cppclass Position:
        Color turn()
        uint64_t key()
        cbool is_check()
        cbool has_legal_en_passant()
        cbool chess960()


cdef extern from "chess/fen.h" namespace "az" nogil:
    cdef enum class EnPassantStyle:
        legal
        always

    string to_fen(const Position& position, EnPassantStyle style) except +


cdef extern from "chess/uci.h" namespace "az" nogil:
    string to_uci(const Position& position, Move move) except +
    Move parse_uci(const Position& position, const string& uci) except +


cdef extern from "chess/movegen.h" namespace "az" nogil:
    cdef cppclass MoveList:
        MoveList()
        size_t size()
        Move operator[](size_t i)

    MoveList legal_moves(const Position& position)
    int count_legal_moves(const Position& position)


cdef extern from "chess/perft.h" namespace "az" nogil:
    uint64_t perft(const Position& position, int depth)
    vector[pair[Move, uint64_t]] perft_divide(const Position& position, int depth) except +


cdef extern from "chess/game.h" namespace "az" nogil:
    cdef enum class Termination(unsigned char):
        checkmate
        insufficient_material
        stalemate
        seventyfive_moves
        fivefold_repetition
        fifty_moves
        threefold_repetition

    cdef cppclass Outcome:
        Termination termination
        optional[Color] winner

    cdef cppclass Game:
        Game() except +

        @staticmethod
        Game from_fen(const string& fen, cbool chess960) except +
        void push(Move move) except +
        void pop()
        const Position& position()
        int plies()
        int repetitions()
        optional[Outcome] outcome(cbool claim_draw)

    cbool is_insufficient_material(const Position& position)


cdef extern from "encode/encoding.h" namespace "az" nogil:
    cdef enum class Encoding(unsigned char):
        az119
        lc0_112

    cdef enum class ActionSpace(unsigned char):
        az4672
        lc0_1858

    cdef cppclass Planes "std::span<float>":
        Planes(float* data, size_t size)

    cdef cppclass Games "std::span<const az::Game* const>":
        Games(const Game** data, size_t size)

    optional[Encoding] find_encoding(const string& name)
    optional[ActionSpace] find_action_space(const string& name)
    int plane_count(Encoding encoding)
    int action_count(ActionSpace space)
    void encode_batch(Encoding encoding, Games games, Planes planes)
    int move_index(ActionSpace space, const Position& position, Move move)
    optional[Move] move_of_index(ActionSpace space, const Position& position, int index)


# --- mcts/ --------------------------------------------------------------------------------------


cdef extern from "mcts/config.h" namespace "az" nogil:
    cdef enum class Algorithm(unsigned char):
        puct
        gumbel

    cdef cppclass SearchConfig:
        SearchConfig()
        Algorithm algorithm
        Encoding encoding
        ActionSpace action_space
        int batch_size
        double policy_temperature
        double c_puct
        double c_puct_base
        double fpu_reduction
        double noise_alpha
        double noise_fraction
        int considered_moves
        double gumbel_scale
        double c_visit
        double c_scale
        cbool prove_ends
        cbool find_mates
        uint64_t seed
        size_t memory_bytes


cdef extern from "mcts/tree.h" namespace "az" nogil:
    cdef cppclass Tree:
        size_t used_bytes()
        size_t held_bytes()
        size_t node_count()
        size_t edge_count()


cdef extern from "mcts/evaluation_cache.h" namespace "az" nogil:
    cdef cppclass EvaluationCache:
        EvaluationCache(size_t memory_bytes) except +
        void clear()
        uint64_t lookups()
        uint64_t hits()
        size_t memory_bytes()


cdef extern from "mcts/search.h" namespace "az" nogil:
    cdef cppclass Logits "std::span<const float>":
        Logits(const float* data, size_t size)

    cdef cppclass Search:
        Search(const SearchConfig& config, shared_ptr[EvaluationCache] cache) except +
        void set_game(Game game) except +
        void push(Move move) except +
        void start(uint32_t simulations) except +
        void stop()
        cbool done()
        size_t gather(Planes planes) except +
        void apply(Logits policy, Logits wdl) except +
        const SearchConfig& config()
        const Game& game()
        const Tree& tree()
        size_t waiting()
        uint32_t simulations()
        cbool out_of_memory()


cdef extern from "mcts/game_pool.h" namespace "az" nogil:
    cdef cppclass GamePool:
        GamePool(vector[Search*] searches) except +
        cbool done()
        size_t waiting()
        void stop()
        size_t gather(Planes planes) except +
        void apply(Logits policy, Logits wdl) except +


cdef extern from "mcts/result.h" namespace "az" nogil:
    cdef enum class End(unsigned char):
        none
        loss
        draw
        win

    cdef cppclass PlainMove:
        uint8_t from_square "from"
        uint8_t to
        uint8_t promotion

    cdef cppclass RootMove:
        PlainMove move
        uint16_t index
        uint32_t visits
        float prior
        double value
        End end

    cdef cppclass SearchResult:
        vector[RootMove] moves
        double win
        double draw
        double loss
        End end
        vector[PlainMove] pv
        vector[double] improved
        optional[size_t] chosen

    cdef cppclass TreeRow:
        int depth
        PlainMove move
        uint32_t visits
        float prior
        double value_sum
        double draw_sum
        End end

    SearchResult result_of(const Search& search) except +
    vector[TreeRow] rows_of(const Search& search) except +


# --- replay/ ------------------------------------------------------------------------------------


cdef extern from "replay/record.h" namespace "az" nogil:
    cdef cppclass GameRecord:
        GameRecord()
        string start_fen
        vector[string] moves
        vector[uint8_t] searched
        vector[vector[uint16_t]] policy_index
        vector[vector[uint16_t]] policy_weight
        vector[vector[uint16_t]] wdl
        int result


cdef extern from "replay/rows.h" namespace "az" nogil:
    cdef cppclass Bytes "std::span<std::uint8_t>":
        Bytes(uint8_t* data, size_t size)

    cdef cppclass Rows:
        Planes planes
        Planes policy
        Bytes legal
        Planes wdl


cdef extern from "replay/buffer.h" namespace "az" nogil:
    cdef cppclass Places "std::span<const double>":
        Places(const double* data, size_t size)

    cdef cppclass Flags "std::span<const std::uint8_t>":
        Flags(const uint8_t* data, size_t size)

    cdef cppclass ReplayMemory:
        uint64_t positions
        uint64_t games
        uint64_t bytes

    cdef cppclass ReplayBuffer:
        ReplayBuffer(size_t memory_bytes) except +
        void add(const GameRecord& record) except +
        void limit(uint64_t positions)
        ReplayMemory memory()
        void write(Places places, Flags mirrored, const Rows& rows) except +
