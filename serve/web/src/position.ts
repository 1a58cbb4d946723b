/** Chess in the browser: enough to show a game without asking the server. */

import { Chess } from "chessops/chess";
import { makeFen, parseFen } from "chessops/fen";
import { parseSan } from "chessops/san";
import { makeUci, parseUci } from "chessops/util";
import { chessgroundMove } from "chessops/compat";
import type { Game, PlayedMove, Side } from "./api";

export interface Shown {
  fen: string;
  turn: Side;
  check: boolean;
  lastMove: string[];
}

/** Returns the position after the first `ply` moves of a game. */
export function positionAt(game: Game, ply: number): Shown {
  const position = setUp(game.start_fen);
  const moves = game.moves.slice(0, ply);
  for (const move of moves) push(position, move.uci);
  return {
    fen: makeFen(position.toSetup()),
    turn: position.turn,
    check: position.isCheck(),
    lastMove: moves.length ? squaresOf(moves[moves.length - 1]!.uci) : [],
  };
}

/** Returns a game as it will be when the server has accepted a legal move. */
export function withMove(game: Game, uci: string): Game {
  const position = setUp(game.fen);
  const played: PlayedMove = { uci, san: "…", analysis: null };
  push(position, uci);
  return {
    ...game,
    fen: makeFen(position.toSetup()),
    turn: position.turn,
    moves: [...game.moves, played],
    legal_moves: [],
    check: position.isCheck(),
  };
}

/** Returns the squares each piece can go to. */
export function destinations(legalMoves: string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const uci of legalMoves) {
    const origin = uci.slice(0, 2);
    found.set(origin, [...(found.get(origin) ?? []), uci.slice(2, 4)]);
  }
  return found;
}

/** Returns the legal move that a person typed, as SAN or UCI, or null. */
export function parseTyped(game: Game, text: string): string | null {
  const typed = text.trim();
  if (game.legal_moves.includes(typed.toLowerCase())) return typed.toLowerCase();
  const position = setUp(game.fen);
  const move = parseSan(position, typed.replaceAll("0", "O"));
  if (!move) return null;
  const uci = makeUci(move);
  return game.legal_moves.includes(uci) ? uci : castled(uci, game.legal_moves);
}

/** Returns the number before a ply: `12.` for White, `12…` for Black. */
export function numberOf(game: Game, ply: number): string {
  const { turn, fullmoves } = parseFen(game.start_fen).unwrap();
  const plies = 2 * (fullmoves - 1) + (turn === "black" ? 1 : 0) + ply;
  return `${Math.floor(plies / 2) + 1}${plies % 2 ? "…" : "."}`;
}

/** chessops writes castling as king takes rook; the server as the king's two steps. */
function castled(uci: string, legalMoves: string[]): string | null {
  const file = uci[2]! > uci[0]! ? "g" : "c";
  const twoSteps = `${uci.slice(0, 2)}${file}${uci[3]}`;
  return legalMoves.includes(twoSteps) ? twoSteps : null;
}

function setUp(fen: string): Chess {
  return Chess.fromSetup(parseFen(fen).unwrap()).unwrap();
}

function push(position: Chess, uci: string): void {
  position.play(parseUci(uci)!);
}

function squaresOf(uci: string): string[] {
  return chessgroundMove(parseUci(uci)!);
}
