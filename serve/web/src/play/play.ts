/** The view of a game: it is played here, and looked back on. */

import type { EngineList, NewGame, Side } from "../api/messages";
import { arrowsOf } from "../board/arrows";
import { NOT_MOVABLE, type Movable } from "../board/board";
import type { Stage } from "../board/stage";
import { branch, destinations, positionAt, promotes, type Line } from "../chess/line";
import { parseTyped } from "../chess/typed";
import { startSteps, stepByKey } from "../panel/steps";
import { Stepper } from "../panel/stepper";
import { hashOf } from "../route";
import { byId, onClick } from "../shell/dom";
import { recall, remember } from "../shell/settings";
import { hideTrouble, showNotice, showTrouble } from "../shell/trouble";
import { Announcer } from "./announcer";
import { Driver } from "./driver";
import { startKeepsakes } from "./keepsakes";
import { NewGameDialog } from "./new_game";
import { showPanel } from "./panel";
import { seat } from "./seats";
import { Session } from "./session";
import { humanSide, isEngineGame, opponentOf, playerToMove } from "./words";

export class Play {
  readonly session: Session;
  private readonly driver: Driver;
  private readonly stepper = new Stepper(() => this.render());
  private readonly announcer: Announcer;
  private readonly dialog: NewGameDialog;
  private orientation: Side = "white";
  private arrows = recall("arrows", true);
  private open = false;

  constructor(
    private readonly stage: Stage,
    private readonly list: EngineList,
  ) {
    this.session = new Session(list, () => this.changed(), () => this.entered());
    this.driver = new Driver(this.session);
    this.announcer = new Announcer(list);
    this.dialog = new NewGameDialog(list, {
      start: (game) => this.begin(game),
      apply: (players) => this.session.changePlayers(players),
    });
    this.listen();
  }

  /** Shows the game with an id, or a new one if there is none. */
  async show(id: string): Promise<void> {
    this.open = true;
    this.stage.moved = (origin, target) => void this.moved(origin, target);
    const wanted = id || this.session.game?.id;
    if (wanted && (await this.session.resume(wanted))) return;
    if (!this.open) return; // another view is on by now
    await this.session.begin(this.dialog.remembered());
    if (id) showTrouble("That game is no longer known to the server; here is a new one.");
  }

  hide(): void {
    this.open = false;
    this.driver.restart();
    this.session.leave();
  }

  /** Opens the dialog of a new game, from a position if one is given. */
  offer(fen = ""): void {
    const players = this.session.game?.players ?? this.dialog.remembered();
    this.dialog.open(players, { fen, canApply: this.open && !this.session.game?.end });
  }

  /** Begins a game; returns whether the server made it. */
  async begin(game: NewGame): Promise<boolean> {
    return this.session.begin(game);
  }

  /** Does what a key stands for. */
  key(event: KeyboardEvent): void {
    if (stepByKey(event, this.stepper)) return;
    if (event.key === "f") this.flip();
    if (event.key === "b") this.stage.say();
    if (event.key === "n") this.offer();
    if (event.key === "m" || event.key === "/") {
      event.preventDefault();
      byId("typed-move").focus();
    }
  }

  /** Returns the game as a line, a move that the server has not answered yet included. */
  line(): Line {
    const { game, ghost } = this.session;
    return ghost ? branch(game!, game!.moves.length, ghost) : game!;
  }

  private listen(): void {
    startSteps("step", this.stepper);
    startKeepsakes(this.session, () => positionAt(this.line(), this.stepper.ply).fen);
    onClick("open-new-game", () => this.offer());
    onClick("take-back", () => void this.takeBack());
    onClick("flip", () => this.flip());
    onClick("pause", () => this.pause());
    byId("typed").addEventListener("submit", (event) => this.typed(event));
    const arrows = byId<HTMLInputElement>("arrows");
    arrows.checked = this.arrows;
    arrows.addEventListener("change", () => {
      remember("arrows", (this.arrows = arrows.checked));
      this.render();
    });
  }

  private entered(): void {
    const game = this.session.game!;
    const address = hashOf({ view: "play", id: game.id });
    if (!this.open) return void (location.hash = address); // begun from another view
    this.driver.restart();
    this.orientation = humanSide(game) ?? "white";
    this.stepper.reset(game.moves.length);
    this.announcer.enter(game);
    this.stage.board.cancelPremove();
    hideTrouble();
    history.replaceState(null, "", address);
    this.changed();
  }

  private changed(): void {
    if (!this.open || !this.session.game) return;
    this.stepper.follow(this.line().moves.length);
    this.announcer.hear(this.session.game, this.line(), this.driver.paused);
    this.render();
    void this.driver.drive();
  }

  private async moved(origin: string, target: string): Promise<void> {
    const line = this.line();
    const { game } = this.session;
    if (!promotes(line, line.moves.length, origin, target)) return this.session.move(`${origin}${target}`);
    const piece = await this.stage.choosePromotion(target, game!.turn, this.orientation);
    if (piece && game?.id === this.session.game?.id) await this.session.move(`${origin}${target}${piece}`);
    else this.render();
  }

  private async takeBack(): Promise<void> {
    this.stage.board.cancelPremove();
    await this.session.takeBack();
  }

  private typed(event: Event): void {
    event.preventDefault();
    const input = byId<HTMLInputElement>("typed-move");
    const line = this.line();
    if (!this.isHumansTurn()) return showNotice("It is not your turn.");
    const uci = parseTyped(line, line.moves.length, input.value);
    if (!uci) return showTrouble(`${input.value || "Nothing"} is not a legal move here.`);
    input.value = "";
    hideTrouble();
    void this.session.move(uci);
  }

  private pause(): void {
    this.driver.paused = !this.driver.paused;
    this.changed();
  }

  private flip(): void {
    this.orientation = opponentOf(this.orientation);
    this.render();
  }

  private isHumansTurn(): boolean {
    const { game, ghost } = this.session;
    return !ghost && !game!.end && playerToMove(game!).engine === null;
  }

  private movable(): Movable {
    const { game } = this.session;
    if (!this.stepper.atEnd || game!.end || isEngineGame(game!)) return NOT_MOVABLE;
    const mine = this.isHumansTurn();
    return {
      color: humanSide(game!) ?? game!.turn,
      destinations: destinations(mine ? game!.legal_moves : []),
    };
  }

  private render(): void {
    const { game, live, ghost } = this.session;
    if (!this.open || !game) return;
    const line = this.line();
    const { ply } = this.stepper;
    const here = this.stepper.atEnd ? live : (line.moves[ply]?.analysis ?? null);
    const thinking = !game.end && !ghost && !(isEngineGame(game) && this.driver.paused);
    const shownBefore = line.moves.slice(0, ply).findLast((move) => move.analysis)?.analysis ?? null;
    this.stage.show({
      position: positionAt(line, ply),
      orientation: this.orientation,
      movable: this.movable(),
      arrows: this.arrows && here ? arrowsOf(here.top_moves) : [],
      analysis: here ?? shownBefore,
      seats: {
        white: seat(game, "white", this.list.engines, thinking),
        black: seat(game, "black", this.list.engines, thinking),
      },
    });
    showPanel(this.session, line, this.stepper, { engines: this.list.engines, paused: this.driver.paused });
    if (this.stepper.atEnd && this.isHumansTurn()) this.stage.board.playPremove();
  }
}
