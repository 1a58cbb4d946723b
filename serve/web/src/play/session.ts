/** One game with the server: what was heard of it, what is asked of it; it outlives a server that forgets. */

import * as api from "../api/calls";
import { backoffMs, pause } from "../api/backoff";
import { isStatus, messageOf } from "../api/failure";
import type { Analysis, EngineList, Game, GameMessage, NewGame, Players } from "../api/messages";
import { insist } from "../api/retry";
import { connect, type Connection } from "../api/socket";
import { showLink } from "../shell/link";
import { showNotice, showTrouble } from "../shell/trouble";
import * as memory from "./memory";
import { replacement } from "./replacement";

export class Session {
  game: Game | null = null;
  /** A move of the human that the server has not answered yet. */
  private pending: { uci: string; ply: number } | null = null;
  /** What the engine thinks while it thinks. */
  live: Analysis | null = null;
  private visit = 0;
  private connection: Connection | null = null;
  private restoring: Promise<boolean> | null = null;

  /** Calls `changed` after every change, `entered` when another game is on; keeps `list` up to date. */
  constructor(
    private readonly list: EngineList,
    private readonly changed: () => void,
    private readonly entered: () => void,
  ) {}

  /** The move of the human (UCI) that the server has not answered yet, after all those of the game. */
  get ghost(): string | null {
    return this.pending?.ply === this.game?.moves.length ? (this.pending?.uci ?? null) : null;
  }

  /** Sets up a new game; returns whether the server made it. */
  async begin(wanted: NewGame): Promise<boolean> {
    const old = this.game;
    const game = await this.attempt(() => insist(() => api.newGame(wanted)));
    if (!game) return false;
    this.pending = null;
    this.enter(game);
    if (old) void this.drop(old.id);
    return true;
  }

  /** Goes on with a game by its id; returns whether there is one, here or on the server. */
  async resume(id: string): Promise<boolean> {
    const visit = ++this.visit;
    const seen = memory.lastSeen(id);
    const game = await insist(() => api.getGame(id), () => visit === this.visit).catch((error: unknown) => {
      if (isStatus(error, 404)) return null;
      throw error;
    });
    if (visit !== this.visit) return true;
    if (!game) return seen !== null && this.restore(seen);
    this.enter(seen ? memory.withAnalyses(game, seen) : game);
    return true;
  }

  /** Plays a move of the human; it stands on the board until the server says otherwise. */
  async move(uci: string): Promise<void> {
    const pending = (this.pending = { uci, ply: this.game!.moves.length });
    this.changed();
    await this.ask((id) => api.move(id, uci));
    if (this.pending === pending) this.pending = null;
    this.changed();
  }

  /** Has the engine move; asked again, the server answers with the same move. Returns whether it did. */
  async engineMove(): Promise<boolean> {
    return this.ask(api.engineMove);
  }

  /** Takes back once, however often it is asked for until an answer comes. */
  async takeBack(): Promise<void> {
    const plies = this.game!.moves.length + (this.ghost ? 1 : 0);
    await this.ask((id) => api.takeBack(id, plies));
  }

  async resign(): Promise<void> {
    await this.ask((id) => api.resign(id));
  }

  /** Changes the players of the moves to come; returns whether the server did. */
  async changePlayers(players: Partial<Players>): Promise<boolean> {
    return this.ask((id) => api.changePlayers(id, players));
  }

  /** Stops listening, as when another view is shown. */
  leave(): void {
    this.visit++;
    this.connection?.close();
    this.connection = null;
  }

  private enter(game: Game): void {
    this.leave();
    this.game = null;
    this.take(game);
    this.entered();
    void this.follow(this.visit);
  }

  /** Sets up again a game that the server has forgotten; asked twice at once, does it once.
   *
   * Returns whether it did. If the server refuses, that is shown, and nothing more is asked about the game.
   */
  private restore(seen: Game): Promise<boolean> {
    this.restoring ??= this.attempt(() => this.setUpAgain(seen))
      .then((game) => {
        if (!game) this.leave();
        return game !== null;
      })
      .finally(() => (this.restoring = null));
    return this.restoring;
  }

  /** The server may have been started with other engines: the default plays in place of those gone. */
  private async setUpAgain(seen: Game): Promise<Game> {
    const { players, news } = replacement(seen.players, this.list, await insist(api.listEngines));
    const asNew = await insist(() => api.newGame({ ...memory.asNew(seen), ...players }));
    const loser = memory.resigned(seen);
    const game = loser ? await insist(() => api.resign(asNew.id, loser)) : asNew;
    memory.forget(seen.id);
    this.enter(memory.withAnalyses(game, seen));
    showNotice(`The server had forgotten this game; it was set up again.${news}`);
    return game;
  }

  /** Asks something of the game until it is answered; a refusal shows the game as it really stands. */
  private async ask(request: (id: string) => Promise<Game>): Promise<boolean> {
    const visit = this.visit;
    const here = (): boolean => visit === this.visit;
    try {
      const answer = await insist(() => request(this.game!.id), here);
      if (here()) this.adopt(answer);
      return true;
    } catch (error) {
      if (isStatus(error, 404) && (here() || this.restoring)) {
        return (await this.restore(this.game!)) && this.ask(request);
      }
      if (!here()) return false;
      if (!isStatus(error, 409)) showTrouble(messageOf(error));
      await this.refresh(visit);
      return false;
    }
  }

  private async refresh(visit: number): Promise<void> {
    const here = (): boolean => visit === this.visit;
    try {
      const game = await insist(() => api.getGame(this.game!.id), here);
      if (here()) this.adopt(game);
    } catch (error) {
      if (!here()) return;
      if (isStatus(error, 404)) await this.restore(this.game!);
      else showTrouble(messageOf(error));
    }
  }

  /** Hears of every change until the game is left; a connection that drops is made again. */
  private async follow(visit: number): Promise<void> {
    for (let failures = 0; visit === this.visit; failures++) {
      const heard = (message: unknown): void => this.hear(visit, message as GameMessage);
      const events = `${api.gamePath(this.game!.id)}/events`;
      this.connection = connect(events, heard, () => showLink("connected"));
      if (await this.connection.closed) failures = 0;
      if (visit !== this.visit) return;
      showLink("away");
      await pause(backoffMs(failures));
      if (visit === this.visit) await this.refresh(visit);
    }
  }

  private hear(visit: number, message: GameMessage): void {
    if (visit !== this.visit) return;
    if (message.type === "game") return this.adopt(message.game);
    if (message.type === "error") return; // no such game any more: the refresh that follows sees to it
    if (this.game!.players[this.game!.turn].engine === null) return;
    this.live = message.analysis;
    this.changed();
  }

  private adopt(game: Game): void {
    this.take(game);
    this.changed();
  }

  private take(game: Game): void {
    const known = this.game ? memory.withAnalyses(game, this.game) : game;
    if (!game.thinking || game.moves.length !== this.game?.moves.length) this.live = null;
    this.game = known;
    memory.keep(known);
  }

  private async drop(id: string): Promise<void> {
    memory.forget(id);
    await api.deleteGame(id).catch(() => undefined); // the server forgets idle games by itself
  }

  private async attempt<T>(request: () => Promise<T>): Promise<T | null> {
    try {
      return await request();
    } catch (error) {
      showTrouble(messageOf(error));
      return null;
    }
  }
}
