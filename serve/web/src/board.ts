/** The board: pieces, legal-move dots, highlights; it tells of moves and decides nothing. */

import { Chessground } from "chessground";
import type { Api } from "chessground/api";
import type { Key } from "chessground/types";
import type { Side } from "./api";
import type { Shown } from "./position";

export class Board {
  private readonly ground: Api;

  /** Calls `moved` when the player has moved a piece by mouse, finger or drag. */
  constructor(element: HTMLElement, moved: (origin: string, target: string) => void) {
    this.ground = Chessground(element, {
      animation: { enabled: !calm(), duration: 180 },
      movable: { free: false, showDests: true, rookCastle: false, events: { after: moved } },
      premovable: { enabled: false },
      draggable: { showGhost: true },
    });
  }

  /** Shows a position; `movable` are the squares each of the player's pieces can go to. */
  show(shown: Shown, orientation: Side, movable: Map<string, string[]>): void {
    this.ground.set({
      fen: shown.fen,
      orientation,
      turnColor: shown.turn,
      check: shown.check ? shown.turn : false,
      lastMove: shown.lastMove as Key[],
      movable: {
        color: movable.size ? shown.turn : undefined,
        dests: movable as Map<Key, Key[]>,
      },
    });
  }
}

function calm(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
