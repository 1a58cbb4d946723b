/** Has engines move when it is their turn: at once against a human, at a pace one can follow otherwise. */

import type { Session } from "./session";
import { isEngineGame, playerToMove } from "./words";

const PACE_MS = 500;

export class Driver {
  paused = false;
  private run = 0;
  private driving = false;

  constructor(private readonly session: Session) {}

  /** Begins anew for another game. */
  restart(): void {
    this.run++;
    this.driving = false;
    this.paused = false;
  }

  /** Asks for engine moves until it is a human's turn; once asked, asking again changes nothing. */
  async drive(): Promise<void> {
    if (this.driving) return;
    this.driving = true;
    const run = this.run;
    while (run === this.run && this.isDue()) {
      if (isEngineGame(this.session.game!)) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      if (run !== this.run || !this.isDue() || !(await this.session.engineMove())) break;
    }
    if (run === this.run) this.driving = false;
  }

  private isDue(): boolean {
    const game = this.session.game;
    if (!game || game.end || this.session.ghost) return false;
    const mayMove = playerToMove(game).engine !== null;
    return mayMove && !(this.paused && isEngineGame(game));
  }
}
