/** The moves a search likes, as arrows: the more visits, the wider; the best ones say how many. */

import type { DrawShape } from "chessground/draw";
import type { Key } from "chessground/types";
import type { TopMove } from "../api/messages";
import { shortCount } from "../panel/figures";

const MOST_ARROWS = 4;
const LABELLED = 3;
const LEAST_SHARE = 0.02;
const WIDTHS = { least: 3, most: 10 };

type Brush = "green" | "yellow" | "blue";

/** Returns an arrow for each of the most visited moves. */
export function arrowsOf(moves: TopMove[]): DrawShape[] {
  const most = Math.max(...moves.map((move) => move.share), LEAST_SHARE);
  return moves
    .slice(0, MOST_ARROWS)
    .filter((move) => move.visits > 0 && move.share >= LEAST_SHARE)
    .map((move, rank) => ({
      orig: move.uci.slice(0, 2) as Key,
      dest: move.uci.slice(2, 4) as Key,
      brush: "green",
      modifiers: { lineWidth: WIDTHS.least + (WIDTHS.most - WIDTHS.least) * (move.share / most) },
      ...(rank < LABELLED ? { label: { text: shortCount(move.visits) } } : {}),
    }));
}

/** Returns the arrows of two opinions: green, yellow, and blue for moves that both name. */
export function arrowsBeside(first: string[], second: string[]): DrawShape[] {
  const both = first.filter((uci) => second.includes(uci));
  const only = (moves: string[]): string[] => moves.filter((uci) => !both.includes(uci));
  return [
    ...only(first).map((uci) => arrowOf(uci, "green")),
    ...only(second).map((uci) => arrowOf(uci, "yellow")),
    ...both.map((uci) => arrowOf(uci, "blue")),
  ];
}

/** Returns one arrow for a move. */
function arrowOf(uci: string, brush: Brush): DrawShape {
  return { orig: uci.slice(0, 2) as Key, dest: uci.slice(2, 4) as Key, brush, modifiers: { lineWidth: 10 } };
}
