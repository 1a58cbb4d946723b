#include "chess/fen.h"

#include <charconv>
#include <vector>

#include "chess/error.h"

namespace az {

namespace {

constexpr std::string_view kPieceLetters = "pnbrqk";
constexpr int kMaxCounter = 9999;
constexpr std::size_t kMaxFields = 6;

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char to_upper(char c) { return static_cast<char>(c - 'a' + 'A'); }

// The text as an error message can show it: short, and nothing unprintable.
std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 100;
  std::string out = "'";
  for (char c : text.substr(0, kLongest)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > kLongest ? "...'" : "'");
}

[[noreturn]] void fail(const std::string& expected, std::string_view got) {
  throw PositionError("expected " + expected + ", got " + quoted(got));
}

std::vector<std::string_view> split(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  std::vector<std::string_view> fields;
  for (std::size_t start = text.find_first_not_of(kSpace); start != std::string_view::npos;) {
    const std::size_t end = text.find_first_of(kSpace, start);
    fields.push_back(text.substr(start, end - start));
    start = text.find_first_not_of(kSpace, end);
  }
  return fields;
}

void parse_rank(Setup& setup, std::string_view text, int rank) {
  int file = 0;
  bool after_digit = false;
  for (char c : text) {
    const bool digit = c >= '1' && c <= '8';
    if (digit) {
      if (after_digit) fail("no two digits in a row in a FEN rank", text);
      file += c - '0';
    } else {
      const std::size_t type = kPieceLetters.find(to_lower(c));
      if (type == std::string_view::npos)
        fail("pieces (PNBRQKpnbrqk) or digits 1-8 in a FEN rank", text);
      if (file < 8) {
        setup.pieces[is_upper(c) ? 0 : 1][type] |= Bitboard(Square::at(file, rank));
      }
      ++file;
    }
    after_digit = digit;
    if (file > 8) break;
  }
  if (file != 8) fail("8 squares in a FEN rank", text);
}

void parse_board(Setup& setup, std::string_view board) {
  int rank = 8;
  for (std::size_t start = 0; start <= board.size();) {
    const std::size_t end = std::min(board.find('/', start), board.size());
    if (--rank < 0) break;
    parse_rank(setup, board.substr(start, end - start), rank);
    start = end + 1;
  }
  if (rank != 0) fail("8 ranks in a FEN board", board);
}

// The rook that a letter of the castling field means: the outermost one for k and q (X-FEN), the
// one on that file for a-h (Shredder-FEN).
Bitboard castling_rook(const Setup& setup, Color color, char letter) {
  const auto& pieces = setup.pieces[index_of(color)];
  const Bitboard rank = back_rank(color);
  const Bitboard rooks = pieces[index_of(PieceType::rook)] & rank;
  if (letter != 'k' && letter != 'q') return rooks & file_mask(letter - 'a');
  const Bitboard king = pieces[index_of(PieceType::king)];
  if (rooks.empty() || king.empty()) return kNone;
  const Square outer = letter == 'q' ? rooks.first() : rooks.last();
  const bool on_its_side = letter == 'q' ? outer < king.first() : outer > king.first();
  return on_its_side ? Bitboard(outer) : rooks & rank & (letter == 'q' ? kFileA : kFileH);
}

void parse_castling(Setup& setup, std::string_view field) {
  constexpr const char* kExpected = "'-' or up to two castling letters (KQA-H, then kqa-h) a side";
  if (field == "-") return;
  int count[kColors] = {0, 0};
  for (char c : field) {
    const Color color = is_upper(c) ? Color::white : Color::black;
    const char letter = to_lower(c);
    const bool known = letter == 'k' || letter == 'q' || (letter >= 'a' && letter <= 'h');
    const bool ordered = color == Color::black || count[index_of(Color::black)] == 0;
    if (!known || !ordered || ++count[index_of(color)] > 2) fail(kExpected, field);
    setup.castling_rooks |= castling_rook(setup, color, letter);
  }
}

void parse_en_passant(Setup& setup, std::string_view field) {
  if (field == "-") return;
  const bool square =
      field.size() == 2 && field[0] >= 'a' && field[0] <= 'h' && field[1] >= '1' && field[1] <= '8';
  if (!square) fail("'-' or a square as FEN en passant field", field);
  setup.en_passant = Square::at(field[0] - 'a', field[1] - '1');
}

int parse_counter(std::string_view field, const char* name) {
  int value = 0;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (error != std::errc{} || stop != end || value < 0 || value > kMaxCounter) {
    fail(std::string("a FEN ") + name + " from 0 to " + std::to_string(kMaxCounter), field);
  }
  return value;
}

Setup parse_setup(std::string_view fen, bool chess960) {
  const auto fields = split(fen);
  if (fields.empty() || fields.size() > kMaxFields) fail("1 to 6 fields in a FEN", fen);
  Setup setup;
  setup.chess960 = chess960;
  parse_board(setup, fields[0]);
  if (fields.size() > 1) {
    if (fields[1] != "w" && fields[1] != "b") fail("'w' or 'b' as the turn in a FEN", fields[1]);
    setup.turn = fields[1] == "w" ? Color::white : Color::black;
  }
  if (fields.size() > 2) parse_castling(setup, fields[2]);
  if (fields.size() > 3) parse_en_passant(setup, fields[3]);
  if (fields.size() > 4) setup.halfmove_clock = parse_counter(fields[4], "half-move clock");
  if (fields.size() > 5) setup.fullmove_number = parse_counter(fields[5], "full-move number");
  return setup;
}

char letter_at(const Position& position, Square square) {
  for (int type = 0; type < kPieceTypes; ++type) {
    if (!position.pieces(static_cast<PieceType>(type)).has(square)) continue;
    const char letter = kPieceLetters[type];
    return position.pieces(Color::white).has(square) ? to_upper(letter) : letter;
  }
  return 0;
}

std::string board_text(const Position& position) {
  std::string text;
  for (int rank = 7; rank >= 0; --rank) {
    int gap = 0;
    for (int file = 0; file < 8; ++file) {
      const char letter = letter_at(position, Square::at(file, rank));
      if (letter == 0) {
        ++gap;
        continue;
      }
      if (gap > 0) text += static_cast<char>('0' + gap);
      text += letter;
      gap = 0;
    }
    if (gap > 0) text += static_cast<char>('0' + gap);
    if (rank > 0) text += '/';
  }
  return text;
}

// k or q, or the rook's file where another rook stands further out.
char castling_letter(const Position& position, Color color, Square rook) {
  const bool kingside = rook > position.king(color);
  const Bitboard rooks = position.pieces(color, PieceType::rook) & back_rank(color);
  const Square outer = kingside ? rooks.last() : rooks.first();
  if (outer != rook) return static_cast<char>('a' + rook.file());
  return kingside ? 'k' : 'q';
}

std::string castling_text(const Position& position) {
  std::string text;
  for (Color color : {Color::white, Color::black}) {
    Bitboard rooks = position.castling_rooks() & back_rank(color);
    while (rooks.any()) {
      const Square rook = rooks.last();
      const char letter = castling_letter(position, color, rook);
      text += color == Color::white ? to_upper(letter) : letter;
      rooks ^= Bitboard(rook);
    }
  }
  return text.empty() ? "-" : text;
}

std::string en_passant_text(const Position& position, EnPassantStyle style) {
  const auto square = position.en_passant();
  const bool shown = style == EnPassantStyle::always || position.has_legal_en_passant();
  if (!square || !shown) return "-";
  return {static_cast<char>('a' + square->file()), static_cast<char>('1' + square->rank())};
}

}  // namespace

Position parse_fen(std::string_view fen, bool chess960) {
  return Position(parse_setup(fen, chess960));
}

std::string to_fen(const Position& position, EnPassantStyle style) {
  return board_text(position) + (position.turn() == Color::white ? " w " : " b ") +
         castling_text(position) + ' ' + en_passant_text(position, style) + ' ' +
         std::to_string(position.halfmove_clock()) + ' ' +
         std::to_string(position.fullmove_number());
}

}  // namespace az
