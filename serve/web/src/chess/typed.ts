/** Moves as people type them. */

import { parseSan } from "chessops/san";
import { makeUci } from "chessops/util";
import { chessAt, isLegal, type Line } from "./line";

/** Returns the legal move in UCI that was typed as SAN (`Nf3`) or UCI (`g1f3`), or null. */
export function parseTyped(line: Line, ply: number, text: string): string | null {
  const typed = text.trim();
  const lower = typed.toLowerCase();
  if (/^[a-h][1-8][a-h][1-8][qrbn]?$/.test(lower) && isLegal(line, ply, lower)) return lower;
  const position = chessAt(line, ply);
  const move = parseSan(position, typed.replaceAll("0", "O"));
  if (!move) return null;
  const uci = makeUci(move);
  const { king, [position.turn]: own } = position.board;
  const isCastling = "from" in move && king.has(move.from) && own.has(move.to);
  return isCastling ? twoSteps(uci) : uci;
}

/** chessops writes castling as king takes rook; the server as the king's two steps. */
function twoSteps(uci: string): string {
  return `${uci.slice(0, 2)}${uci[2]! > uci[0]! ? "g" : "c"}${uci[3]}`;
}
