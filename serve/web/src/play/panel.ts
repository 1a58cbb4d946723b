/** The panel beside a game: how it stands, what the engine thinks, the moves, what can be done. */

import type { Analysis, Engine } from "../api/messages";
import type { Line } from "../chess/line";
import { describe } from "../panel/evaluation";
import { showGraph } from "../panel/graph";
import { showMoves } from "../panel/moves";
import type { Stepper } from "../panel/stepper";
import { showSteps } from "../panel/steps";
import { byId, make } from "../shell/dom";
import type { Session } from "./session";
import { isEngineGame, opponentOf, statusOf } from "./words";

/** Shows all of it for the position that the stepper is at. */
export function showPanel(
  session: Session,
  line: Line,
  stepper: Stepper,
  { engines, paused }: { engines: Engine[]; paused: boolean },
): void {
  const game = session.game!;
  const show = (ply: number): void => stepper.show(ply);
  const turn = session.ghost ? opponentOf(game.turn) : game.turn;
  byId("status").textContent = statusOf({ ...game, moves: line.moves, turn }, engines, { paused });
  showThoughts(line, stepper, session.live);
  showGraph(byId("graph"), line, stepper.ply, show);
  showMoves(byId("moves"), { ...game, moves: line.moves }, stepper.ply, show);
  showSteps("step", stepper);
  showButtons(session, paused);
}

/** Shows the analysis of the position on the board, or else the last one before it. */
function showThoughts(line: Line, stepper: Stepper, live: Analysis | null): void {
  const place = byId("evaluation");
  if (stepper.atEnd && live) return place.replaceChildren(...describe(line, stepper.ply, live));
  const at = line.moves.slice(0, stepper.ply + 1).findLastIndex((move) => move.analysis !== null);
  const move = line.moves[at];
  if (!move?.analysis) place.replaceChildren(make("p", "quiet", NOTHING_YET));
  else place.replaceChildren(...describe(line, at, move.analysis, move.uci));
}

const NOTHING_YET = "After the engine's first move: its chances, its line, its choices.";

function showButtons({ game, ghost }: Session, paused: boolean): void {
  const { players, moves, end } = game!;
  const engines = isEngineGame(game!);
  const humans = moves.some((_, i) => players[moverOf(game!.turn, moves.length - i)].engine === null);
  byId<HTMLButtonElement>("take-back").disabled = !humans && !(engines && moves.length > 0);
  byId<HTMLButtonElement>("resign").disabled = end !== null || engines || ghost !== null;
  byId("pause").hidden = !engines || end !== null;
  byId("pause").textContent = paused ? "Continue" : "Pause";
}

/** Returns who made the move so many plies before the one who is to move now. */
function moverOf(turn: "white" | "black", pliesAgo: number): "white" | "black" {
  const other = turn === "white" ? "black" : "white";
  return pliesAgo % 2 ? other : turn;
}
