/** A position in words, for those who listen to the page. */

import type { Color, Role } from "chessops";
import { ROLES } from "chessops";
import { parseFen } from "chessops/fen";
import { makeSquare } from "chessops/util";
import type { Position } from "./line";

/** Returns what stands where: `White: king e1; rooks a1 and h1. Black: king e8. White to move.` */
export function spokenBoard({ fen, turn, check }: Position): string {
  const sides = (["white", "black"] as const).map((color) => `${titled(color)}: ${pieces(fen, color)}.`);
  return `${sides.join(" ")} ${titled(turn)} to move${check ? ", in check" : ""}.`;
}

/** From the king to the pawns, each kind from file a to h. */
function pieces(fen: string, color: Color): string {
  const { board } = parseFen(fen).unwrap();
  const kinds: string[] = [];
  for (const role of [...ROLES].reverse()) {
    const squares = [...board.pieces(color, role)].map(makeSquare).sort();
    if (squares.length) kinds.push(kind(role, squares));
  }
  return kinds.join("; ");
}

function kind(role: Role, squares: string[]): string {
  if (squares.length === 1) return `${role} ${squares[0]}`;
  return `${role}s ${squares.slice(0, -1).join(", ")} and ${squares[squares.length - 1]}`;
}

function titled(color: Color): string {
  return color === "white" ? "White" : "Black";
}
