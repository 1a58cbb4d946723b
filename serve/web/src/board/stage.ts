/** The board with all that stands around it; whichever view is on shows its position here. */

import type { DrawShape } from "chessground/draw";
import type { Analysis, Side } from "../api/messages";
import type { Position } from "../chess/line";
import { spokenBoard } from "../chess/spoken_board";
import { showBar } from "../panel/bar";
import { byId, fill, make } from "../shell/dom";
import { say } from "../shell/speech";
import { Board, type Movable } from "./board";
import { choosePromotion } from "./promotion";

/** What stands around the board, and on it. */
export interface Scene {
  position: Position;
  orientation: Side;
  movable: Movable;
  arrows: DrawShape[];
  analysis: Analysis | null;
  /** Beside the board, on either side of it. */
  seats: Record<Side, (Node | string)[]>;
}

/** Who is told of moves on the board. */
export type Moved = (origin: string, target: string) => void;

export class Stage {
  moved: Moved = () => undefined;
  readonly board = new Board(byId("board"), (origin, target) => this.moved(origin, target));

  /** Shows a scene in place of the one before. */
  show(scene: Scene): void {
    const far = scene.orientation === "white" ? "black" : "white";
    this.board.show(scene.position, scene.orientation, scene.movable);
    this.board.point(scene.arrows);
    this.describe(scene.position);
    showBar(scene.analysis, scene.orientation);
    fill(byId("seat-far"), disc(far), ...scene.seats[far]);
    fill(byId("seat-near"), disc(scene.orientation), ...scene.seats[scene.orientation]);
  }

  /** Has a screen reader say what stands on the board. */
  say(): void {
    say(byId("position").textContent ?? "");
  }

  /** Asks what the pawn that goes to `target` becomes: a letter, or null. */
  choosePromotion(target: string, side: Side, orientation: Side): Promise<string | null> {
    return choosePromotion(byId("board"), target, side, orientation);
  }

  /** Writes the position in words, where it can be read at leisure. */
  private describe(position: Position): void {
    const words = spokenBoard(position);
    if (byId("position").textContent !== words) byId("position").textContent = words;
  }
}

function disc(side: Side): HTMLElement {
  const sign = make("i", `disc ${side}`);
  sign.title = side === "white" ? "White" : "Black";
  return sign;
}
