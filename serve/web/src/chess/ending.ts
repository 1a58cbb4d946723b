/** Why a game is over, by the rules that the server plays by. */

import { makeFen } from "chessops/fen";
import { chessAt, type Line } from "./line";

const FIFTY_MOVES_PLIES = 100;
const OCCURRENCES = 3;

/** Returns why nothing is played after the first `ply` moves of a line, or null if the game goes on. */
export function endingAt(line: Line, ply: number): string | null {
  const position = chessAt(line, ply);
  if (position.isCheckmate()) return "checkmate";
  if (position.isStalemate()) return "stalemate";
  if (position.isInsufficientMaterial()) return "insufficient material";
  if (position.halfmoves >= FIFTY_MOVES_PLIES) return "fifty moves without capture or pawn move";
  if (occurrencesOf(line, ply) >= OCCURRENCES) return "threefold repetition";
  return null;
}

/** Returns how often the position after `ply` moves has been on the board, this time included. */
function occurrencesOf(line: Line, ply: number): number {
  const { halfmoves } = chessAt(line, ply);
  const here = placed(line, ply);
  let count = 1;
  for (let before = ply - 2; before >= Math.max(0, ply - halfmoves); before -= 2)
    if (placed(line, before) === here) count++;
  return count;
}

/** Returns pieces, turn, castling rights and a legal en passant: what makes positions the same. */
function placed(line: Line, ply: number): string {
  return makeFen(chessAt(line, ply).toSetup(), { epd: true });
}
