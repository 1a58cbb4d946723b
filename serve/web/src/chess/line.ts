/** A line of play: where it began and its moves; enough chess to show it without asking the server. */

import { chessgroundDests, chessgroundMove } from "chessops/compat";
import { Chess } from "chessops/chess";
import { makeFen, parseFen } from "chessops/fen";
import { makeSanAndPlay } from "chessops/san";
import { parseUci } from "chessops/util";
import type { PlayedMove, Side } from "../api/messages";

export const START_FEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

/** A game is one, and so is what is analysed. */
export interface Line {
  start_fen: string;
  moves: PlayedMove[];
}

/** A position, as the board shows it. */
export interface Position {
  fen: string;
  turn: Side;
  check: boolean;
  lastMove: string[];
}

/** Returns the position after the first `ply` moves of a line. */
export function positionAt(line: Line, ply: number): Position {
  const position = chessAt(line, ply);
  const last = line.moves[ply - 1];
  return {
    fen: makeFen(position.toSetup()),
    turn: position.turn,
    check: position.isCheck(),
    lastMove: last ? chessgroundMove(parseUci(last.uci)!) : [],
  };
}

/** Returns the squares each piece can go to after the first `ply` moves. */
export function destinationsAt(line: Line, ply: number): Map<string, string[]> {
  return chessgroundDests(chessAt(line, ply)) as Map<string, string[]>;
}

/** Returns the squares each piece can go to by moves in UCI. */
export function destinations(legalMoves: string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const uci of legalMoves) {
    const origin = uci.slice(0, 2);
    found.set(origin, [...(found.get(origin) ?? []), uci.slice(2, 4)]);
  }
  return found;
}

/** Returns the line of a move (UCI) after the first `ply`; what came after them is gone. */
export function branch(line: Line, ply: number, uci: string): Line {
  const san = makeSanAndPlay(chessAt(line, ply), parseUci(uci)!);
  const played: PlayedMove = { uci, san, analysis: null };
  return { start_fen: line.start_fen, moves: [...line.moves.slice(0, ply), played] };
}

/** Returns the line of moves in UCI from a position, or null if it cannot be played. */
export function lineOf(startFen: string, moves: string[]): Line | null {
  const setup = parseFen(startFen);
  if (setup.isErr || Chess.fromSetup(setup.value).isErr) return null;
  let line: Line = { start_fen: startFen, moves: [] };
  for (const uci of moves) {
    if (!isLegal(line, line.moves.length, uci)) return null;
    line = branch(line, line.moves.length, uci);
  }
  return line;
}

/** Returns whether a move in UCI can be played after the first `ply`. */
export function isLegal(line: Line, ply: number, uci: string): boolean {
  const move = parseUci(uci);
  return move !== undefined && chessAt(line, ply).isLegal(move);
}

/** Returns whether a move from square to square makes a pawn something else. */
export function promotes(line: Line, ply: number, origin: string, target: string): boolean {
  const position = chessAt(line, ply);
  const move = parseUci(origin + target);
  const isPawn = move !== undefined && "from" in move && position.board.pawn.has(move.from);
  return isPawn && (target.endsWith("8") || target.endsWith("1"));
}

/** Returns how a move (UCI) is written after the first `ply`. */
export function sanOf(line: Line, ply: number, uci: string): string {
  return makeSanAndPlay(chessAt(line, ply), parseUci(uci)!);
}

/** Returns the number before a ply: `12.` for White, `12…` for Black. */
export function numberOf(line: Line, ply: number): string {
  const { turn, fullmoves } = parseFen(line.start_fen).unwrap();
  const plies = 2 * (fullmoves - 1) + (turn === "black" ? 1 : 0) + ply;
  return `${Math.floor(plies / 2) + 1}${plies % 2 ? "…" : "."}`;
}

/** Returns the position after the first `ply` moves, to be played on. */
export function chessAt(line: Line, ply: number): Chess {
  const position = Chess.fromSetup(parseFen(line.start_fen).unwrap()).unwrap();
  for (const move of line.moves.slice(0, ply)) position.play(parseUci(move.uci)!);
  return position;
}
