/** The board: pieces, legal-move dots, highlights, arrows; it tells of moves and decides nothing. */

import { Chessground } from "chessground";
import type { Api } from "chessground/api";
import type { DrawBrushes, DrawShape } from "chessground/draw";
import type { Key } from "chessground/types";
import type { Side } from "../api/messages";
import type { Position } from "../chess/line";

/** Whose pieces can be moved where; pieces of `color` that are not to move can be moved in advance. */
export interface Movable {
  color: Side | undefined;
  destinations: Map<string, string[]>;
}

export const NOT_MOVABLE: Movable = { color: undefined, destinations: new Map() };

const FIRST = { opacity: 0.85, lineWidth: 10 };
export const BRUSHES: DrawBrushes = {
  green: { key: "g", color: "#2f7d55", ...FIRST },
  red: { key: "r", color: "#b3452f", ...FIRST },
  blue: { key: "b", color: "#3566b8", ...FIRST },
  yellow: { key: "y", color: "#c98a12", ...FIRST },
};

export class Board {
  private readonly ground: Api;
  private fen = "";

  /** Calls `moved` when a piece was moved by mouse or finger, at once or as a pre-move come true. */
  constructor(element: HTMLElement, moved: (origin: string, target: string) => void) {
    this.ground = Chessground(element, {
      animation: { enabled: !calm(), duration: 180 },
      movable: { free: false, showDests: true, rookCastle: false, events: { after: moved } },
      premovable: { enabled: true, showDests: true },
      draggable: { showGhost: true },
      drawable: { enabled: true, brushes: BRUSHES },
    });
  }

  /** Shows a position. */
  show(position: Position, orientation: Side, movable: Movable): void {
    const stands = position.fen === this.fen && this.ground.getFen() === boardOf(position.fen);
    this.ground.set({
      ...(stands ? {} : { fen: position.fen }), // pieces set anew would slip out of the hand that drags them
      orientation,
      turnColor: position.turn,
      check: position.check ? position.turn : false,
      lastMove: position.lastMove as Key[],
      movable: { color: movable.color, dests: movable.destinations as Map<Key, Key[]> },
    });
    this.fen = position.fen;
  }

  /** Draws arrows in place of those there were. */
  point(arrows: DrawShape[]): void {
    this.ground.setAutoShapes(arrows);
  }

  /** Plays the move that was made in advance, if it has become legal; forgets it otherwise. */
  playPremove(): void {
    if (this.ground.state.premovable.current) this.ground.playPremove();
  }

  /** Forgets the move made in advance. */
  cancelPremove(): void {
    this.ground.cancelPremove();
  }

  /** Measures itself anew, as after it was hidden. */
  redraw(): void {
    this.ground.redrawAll();
  }
}

function boardOf(fen: string): string {
  return fen.split(" ")[0]!;
}

function calm(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
