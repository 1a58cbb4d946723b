/** Says each move, to the ear of a screen reader and, if wanted, as a knock on the board. */

import type { EngineList, Game } from "../api/messages";
import { positionAt, type Line } from "../chess/line";
import { spoken } from "../chess/spoken";
import { play, soundOf } from "../shell/sound";
import { say } from "../shell/speech";
import { nameOf, opponentOf, statusOf } from "./words";

export class Announcer {
  private said = 0;
  private over = false;

  constructor(private readonly list: EngineList) {}

  /** Takes up another game, of which nothing is said yet. */
  enter(game: Game): void {
    this.said = game.moves.length;
    this.over = game.end !== null;
    say(statusOf(game, this.list.engines, { paused: false }));
  }

  /** Says what is new in a game; `line` has also the move that the server has not answered yet. */
  hear(game: Game, line: Line, paused: boolean): void {
    const isNew = line.moves.length > this.said;
    const ended = game.end !== null && !this.over;
    if (isNew) this.announce(game, line);
    if (ended) say(statusOf(game, this.list.engines, { paused }));
    if (isNew || ended) play(soundOf(line.moves[line.moves.length - 1]?.san ?? "", ended));
    this.said = line.moves.length;
    this.over = game.end !== null;
  }

  private announce(game: Game, line: Line): void {
    const { turn } = positionAt(line, line.moves.length);
    const mover = nameOf(game, opponentOf(turn), this.list.engines);
    const verb = mover === "You" ? "play" : "plays";
    say(`${mover} ${verb} ${spoken(line.moves[line.moves.length - 1]!.san)}.`);
  }
}
