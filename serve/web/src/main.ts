/** The page: one game at a time, whose id stands in the address, so that a reload resumes it. */

import * as api from "./api";
import type { EngineList, Game, Side } from "./api";
import { Board } from "./board";
import { byId, make, onClick } from "./dom";
import { showEvaluation } from "./evaluation";
import { showMoves } from "./moves";
import { chooseOpponent, chosenOpponent, listOpponents, verdictBadge } from "./opponent";
import { destinations, parseTyped, positionAt, withMove } from "./position";
import { choosePromotion } from "./promotion";
import { hideTrouble, showTrouble } from "./trouble";
import { opponentOf, statusOf } from "./words";

class Page {
  private readonly board = new Board(byId("board"), (origin, target) => void this.moved(origin, target));
  private engines!: EngineList;
  private game: Game | null = null;
  private shownPly = 0;
  private orientation: Side = "white";
  private asking = false;

  /** Loads the engines and resumes the game in the address, or begins one. */
  async start(): Promise<void> {
    this.engines = await this.insist(api.listEngines);
    listOpponents(this.engines, () => void this.changeOpponent());
    chooseOpponent(this.engines.default, this.engines.default_simulations);
    this.listen();
    await this.resume(location.hash.slice(1));
  }

  private listen(): void {
    onClick("new-white", () => void this.newGame("white"));
    onClick("new-black", () => void this.newGame("black"));
    onClick("take-back", () => void this.takeBack());
    onClick("flip", () => this.flip());
    onClick("step-first", () => this.step(-Infinity));
    onClick("step-back", () => this.step(-1));
    onClick("step-on", () => this.step(1));
    onClick("step-last", () => this.step(Infinity));
    onClick("trouble", hideTrouble);
    byId("typed").addEventListener("submit", (event) => this.typed(event));
    window.addEventListener("hashchange", () => void this.resume(location.hash.slice(1)));
    window.addEventListener("keydown", (event) => this.key(event));
  }

  // --- games --------------------------------------------------------------------------------------

  private async newGame(side: Side): Promise<void> {
    const fen = byId<HTMLInputElement>("fen").value.trim();
    const old = this.game;
    const wanted = { side, ...chosenOpponent(), ...(fen ? { fen } : {}) };
    const game = await this.attempt(() => api.newGame(wanted));
    if (!game) return;
    byId<HTMLInputElement>("fen").value = "";
    this.enter(game);
    if (old) void api.deleteGame(old.id).catch(() => undefined);
  }

  /** Shows the game with an id, or a new one if there is none. */
  private async resume(id: string): Promise<void> {
    if (id && id === this.game?.id) return;
    const game = id && (await this.insist(() => api.getGame(id)).catch(() => null));
    if (game) return this.enter(game);
    await this.newGame("white");
    if (id) showTrouble("That game is no longer known to the server; here is a new one.");
  }

  private enter(game: Game): void {
    this.game = null;
    this.orientation = game.side;
    history.replaceState(null, "", `#${game.id}`);
    chooseOpponent(game.engine, game.simulations);
    hideTrouble();
    this.update(game);
    void this.askEngine();
  }

  // --- moves --------------------------------------------------------------------------------------

  private async moved(origin: string, target: string): Promise<void> {
    const game = this.game!;
    const uci = `${origin}${target}`;
    if (game.legal_moves.includes(uci)) return this.play(uci);
    const piece = await choosePromotion(byId("board"), target, game.side, this.orientation);
    if (game !== this.game) return;
    if (piece) await this.play(`${uci}${piece}`);
    else this.render();
  }

  private async play(uci: string): Promise<void> {
    const before = this.game!;
    this.update(withMove(before, uci));
    const after = await this.attempt(() => api.move(before.id, uci));
    if (this.game?.id !== before.id) return;
    this.update(after ?? before);
    await this.askEngine();
  }

  private async askEngine(): Promise<void> {
    const game = this.game!;
    if (game.end || game.turn === game.side) return;
    this.asking = true;
    this.render();
    const answer = await this.insist(() => api.engineMove(game.id)).catch((error: unknown) =>
      this.settle(game.id, error),
    );
    if (this.game?.id !== game.id || !answer) return;
    this.asking = false;
    this.update(answer);
  }

  /** Returns the game as it stands after a search that brought no move. */
  private async settle(id: string, error: unknown): Promise<Game | null> {
    if (this.game?.id !== id || codeOf(error) === "search_given_up") return null;
    showTrouble(messageOf(error));
    return (await this.attempt(() => api.getGame(id))) ?? this.game;
  }

  private async takeBack(): Promise<void> {
    const game = this.game;
    const answer = game && (await this.attempt(() => api.takeBack(game.id)));
    if (!answer || this.game?.id !== answer.id) return;
    this.asking = false;
    this.update(answer);
    await this.askEngine();
  }

  private async changeOpponent(): Promise<void> {
    const game = this.game;
    const answer = game && (await this.attempt(() => api.changeGame(game.id, chosenOpponent())));
    if (answer && this.game?.id === answer.id && !this.asking) this.update(answer);
  }

  private typed(event: Event): void {
    event.preventDefault();
    const input = byId<HTMLInputElement>("typed-move");
    const uci = this.game && parseTyped(this.game, input.value);
    if (!uci) return showTrouble(`${input.value || "Nothing"} is not a legal move here.`);
    input.value = "";
    void this.play(uci);
  }

  // --- looking ------------------------------------------------------------------------------------

  private key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    if (event.key === "ArrowLeft") this.step(-1);
    else if (event.key === "ArrowRight") this.step(1);
    else if (event.key === "f") this.flip();
  }

  private step(plies: number): void {
    this.show(this.shownPly + plies);
  }

  private show(ply: number): void {
    this.shownPly = Math.min(Math.max(ply, 0), this.game?.moves.length ?? 0);
    this.render();
  }

  private flip(): void {
    this.orientation = opponentOf(this.orientation);
    this.render();
  }

  private update(game: Game): void {
    this.game = game;
    this.shownPly = game.moves.length;
    this.render();
  }

  private render(): void {
    const game = this.game;
    if (!game) return;
    const live = this.shownPly === game.moves.length;
    const mine = live && !game.end && game.turn === game.side;
    const shown = positionAt(game, this.shownPly);
    this.board.show(shown, this.orientation, destinations(mine ? game.legal_moves : []));
    showEvaluation(game, this.shownPly, this.orientation);
    showMoves(game, this.shownPly, (ply) => this.show(ply));
    this.renderSeats(game);
    this.renderButtons(game);
    byId("status").textContent = statusOf(game, this.engineName(game), this.asking);
  }

  private renderSeats(game: Game): void {
    const engine = this.engines.engines.find(({ id }) => id === game.engine);
    const dots = make("span", this.asking ? "thinking" : "", ...["", "", ""].map(() => make("i")));
    const theirs = [make("i", `disc ${opponentOf(game.side)}`), this.engineName(game)];
    const badge = verdictBadge(engine?.verdict ?? null);
    const mine = [make("i", `disc ${game.side}`), "You"];
    const [near, far] = this.orientation === game.side ? ["near", "far"] : ["far", "near"];
    byId(`seat-${far}`).replaceChildren(...theirs, badge, dots);
    byId(`seat-${near}`).replaceChildren(...mine);
  }

  private renderButtons(game: Game): void {
    const first = this.shownPly === 0;
    const last = this.shownPly === game.moves.length;
    const unmoved = game.moves.every((move) => move.analysis !== null);
    const disabled = { "step-first": first, "step-back": first, "step-on": last, "step-last": last };
    for (const [id, value] of Object.entries({ ...disabled, "take-back": unmoved }))
      byId<HTMLButtonElement>(id).disabled = value;
  }

  private engineName(game: Game): string {
    return this.engines.engines.find(({ id }) => id === game.engine)?.name ?? game.engine;
  }

  // --- trouble ------------------------------------------------------------------------------------

  /** Returns what `request` brings, or null after saying what went wrong. */
  private async attempt<T>(request: () => Promise<T>): Promise<T | null> {
    try {
      return await request();
    } catch (error) {
      showTrouble(messageOf(error));
      return null;
    }
  }

  /** Asks again, saying so, while the server is busy or away; other refusals are thrown. */
  private async insist<T>(request: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await request();
      } catch (error) {
        if (!(error instanceof api.Failure && error.passing)) throw error;
        byId("status").textContent = `Waiting: ${error.message}.`;
        await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs));
      }
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof api.Failure ? error.code : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

new Page().start().catch((error: unknown) => showTrouble(messageOf(error)));
