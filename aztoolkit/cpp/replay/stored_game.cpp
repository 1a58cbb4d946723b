#include "replay/stored_game.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "chess/error.h"
#include "chess/movegen.h"
#include "chess/uci.h"

namespace az {

namespace {

[[noreturn]] void fail(std::size_t ply, const std::string& what) {
  throw PositionError("at ply " + std::to_string(ply) + " " + what);
}

void check_lengths(const GameRecord& record) {
  constexpr std::size_t kMostPlies = std::numeric_limits<std::uint16_t>::max();
  const std::size_t plies = record.moves.size();
  if (plies > kMostPlies) {
    throw PositionError("expected at most " + std::to_string(kMostPlies) + " plies, got " +
                        std::to_string(plies));
  }
  const bool labelled = !record.wdl.empty();
  for (std::size_t length : {record.searched.size(), record.policy_index.size(),
                             record.policy_weight.size(), labelled ? record.wdl.size() : plies}) {
    if (length != plies) {
      throw PositionError("expected " + std::to_string(plies) + " entries a ply, got " +
                          std::to_string(length));
    }
  }
}

Move parse_move(const Game& game, const std::string& uci) {
  try {
    return parse_uci(game.position(), uci);
  } catch (const PositionError& error) {
    fail(static_cast<std::size_t>(game.plies()), error.what());
  }
}

// The policy indices of all legal moves, in order.
std::vector<int> legal_indices(const Position& position) {
  std::vector<int> indices;
  for (Move move : legal_moves(position)) indices.push_back(az4672_index(position, move));
  std::sort(indices.begin(), indices.end());
  return indices;
}

void check_policy(const GameRecord& record, const Position& position, std::size_t ply) {
  const auto& indices = record.policy_index[ply];
  const auto& weights = record.policy_weight[ply];
  if (indices.empty() || indices.size() != weights.size()) {
    fail(ply, "expected a weight for each move of the policy, got " +
                  std::to_string(weights.size()) + " for " + std::to_string(indices.size()));
  }
  if (std::count(weights.begin(), weights.end(), 0) > 0)
    fail(ply, "expected weights above 0, got 0");
  std::vector<int> free = legal_indices(position);
  for (int index : indices) {
    const auto found = std::lower_bound(free.begin(), free.end(), index);
    if (found == free.end() || *found != index) {
      fail(ply, "expected policy indices of legal moves, each once, got " + std::to_string(index));
    }
    free.erase(found);
  }
}

void check_label(const std::vector<std::uint16_t>& label, std::size_t ply) {
  if (label.size() != kOutcomes) {
    fail(ply, "expected win, draw and loss, got " + std::to_string(label.size()) + " numbers");
  }
  if (std::accumulate(label.begin(), label.end(), 0) == 0) {
    fail(ply, "expected a label above 0, got 0 for win, draw and loss");
  }
}

bool may_castle(const Position& position) { return position.castling_rooks().any(); }

void mirror_planes(std::span<float> planes) {
  for (std::size_t row = 0; row < planes.size(); row += 8) {
    for (std::size_t file = 0; file < 4; ++file) {
      std::swap(planes[row + file], planes[row + 7 - file]);
    }
  }
}

template <class T>
std::size_t held(const std::vector<T>& vector) {
  return vector.capacity() * sizeof(T);
}

}  // namespace

StoredGame::StoredGame(const GameRecord& record)
    : result_(static_cast<std::int8_t>(record.result)) {
  check_lengths(record);
  reserve(record);
  Game game = Game::from_fen(record.start_fen);
  for (std::size_t ply = 0; ply < record.moves.size(); ++ply) {
    if (ply % kPliesASnapshot == 0) snapshots_.push_back(game.position());
    repetitions_.push_back(static_cast<std::uint8_t>(game.repetitions()));
    if (record.searched[ply]) append_targets(record, game, ply);
    moves_.push_back(parse_move(game, record.moves[ply]));
    game.push(moves_.back());
  }
}

void StoredGame::reserve(const GameRecord& record) {
  const std::size_t plies = record.moves.size();
  std::size_t targets = 0, weights = 0;
  for (std::size_t ply = 0; ply < plies; ++ply) {
    if (!record.searched[ply]) continue;
    ++targets;
    weights += record.policy_index[ply].size();
  }
  snapshots_.reserve((plies + kPliesASnapshot - 1) / kPliesASnapshot);
  moves_.reserve(plies);
  repetitions_.reserve(plies);
  plies_.reserve(targets);
  policy_ends_.reserve(targets);
  weights_.reserve(weights);
  if (!record.wdl.empty()) labels_.reserve(targets);
}

void StoredGame::append_targets(const GameRecord& record, const Game& game, std::size_t ply) {
  check_policy(record, game.position(), ply);
  for (std::size_t i = 0; i < record.policy_index[ply].size(); ++i) {
    weights_.push_back({record.policy_index[ply][i], record.policy_weight[ply][i]});
  }
  plies_.push_back(static_cast<std::uint16_t>(ply));
  policy_ends_.push_back(static_cast<std::uint32_t>(weights_.size()));
  if (record.wdl.empty()) return;
  const auto& label = record.wdl[ply];
  check_label(label, ply);
  labels_.push_back({label[0], label[1], label[2]});
}

std::size_t StoredGame::bytes() const {
  return sizeof(*this) + held(snapshots_) + held(moves_) + held(repetitions_) + held(plies_) +
         held(policy_ends_) + held(weights_) + held(labels_);
}

void StoredGame::write(std::size_t index, bool mirrored, const Rows& row) const {
  const std::vector<Frame> history = frames(plies_[index]);
  const Position& position = history.back().position;
  const bool turned = mirrored && !may_castle(position);
  encode_az119(history, row.planes);
  if (turned) mirror_planes(row.planes);
  std::fill(row.legal.begin(), row.legal.end(), std::uint8_t{0});
  for (Move move : legal_moves(position)) {
    const int action = az4672_index(position, move);
    row.legal[turned ? az4672_mirrored(action) : action] = 1;
  }
  write_policy(index, turned, row.policy);
  write_wdl(index, position.turn(), row.wdl);
}

// The position at `ply` and up to seven before it, the oldest first.
std::vector<Frame> StoredGame::frames(std::size_t ply) const {
  const std::size_t oldest = ply - std::min<std::size_t>(ply, kHistory - 1);
  std::size_t at = oldest / kPliesASnapshot * kPliesASnapshot;
  Position position = snapshots_[oldest / kPliesASnapshot];
  while (at < oldest) position.push(moves_[at++]);
  std::vector<Frame> frames;
  frames.reserve(kHistory);
  frames.push_back({position, repetitions_[at]});
  while (at < ply) {
    position.push(moves_[at++]);
    frames.push_back({position, repetitions_[at]});
  }
  return frames;
}

std::span<const StoredGame::Weight> StoredGame::weights(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : policy_ends_[index - 1];
  return std::span(weights_).subspan(begin, policy_ends_[index] - begin);
}

void StoredGame::write_policy(std::size_t index, bool mirrored, std::span<float> policy) const {
  std::fill(policy.begin(), policy.end(), 0.0f);
  std::uint32_t sum = 0;
  for (Weight weight : weights(index)) sum += weight.weight;
  for (Weight weight : weights(index)) {
    const int action = mirrored ? az4672_mirrored(weight.index) : weight.index;
    policy[action] = static_cast<float>(weight.weight) / static_cast<float>(sum);
  }
}

void StoredGame::write_wdl(std::size_t index, Color turn, std::span<float> wdl) const {
  if (labels_.empty()) {
    const int outcome = turn == Color::white ? result_ : -result_;
    for (int i = 0; i < static_cast<int>(kOutcomes); ++i) wdl[i] = outcome == 1 - i ? 1.0f : 0.0f;
    return;
  }
  const Outcome3& label = labels_[index];
  const auto sum = static_cast<float>(std::accumulate(label.begin(), label.end(), 0));
  for (std::size_t i = 0; i < kOutcomes; ++i) wdl[i] = static_cast<float>(label[i]) / sum;
}

}  // namespace az
