/** The view of an analysis: any position, searched by one engine or by two beside each other. */

import type { EngineList, Side } from "../api/messages";
import type { Stage } from "../board/stage";
import { endingAt } from "../chess/ending";
import {
  branch,
  destinationsAt,
  isLegal,
  lineOf,
  positionAt,
  promotes,
  START_FEN,
  type Line,
} from "../chess/line";
import { parseText } from "../chess/pgn";
import { parseTyped } from "../chess/typed";
import { messageOf } from "../api/failure";
import { showGraph } from "../panel/graph";
import { showMoves } from "../panel/moves";
import { showSteps, startSteps, stepByKey } from "../panel/steps";
import { Stepper } from "../panel/stepper";
import { hashOf, type Route } from "../route";
import { copy } from "../shell/clipboard";
import { byId, make, onClick } from "../shell/dom";
import { hideTrouble, showNotice, showTrouble } from "../shell/trouble";
import { Bench } from "./bench";
import { chosen, showChoice, startChoice } from "./choice";
import { opinionArrows, showOpinions } from "./opinions";

type AnalysisRoute = Extract<Route, { view: "analyse" | "compare" }>;

export class Analyse {
  private readonly bench = new Bench(() => this.heard());
  private readonly stepper = new Stepper(() => this.search());
  private line: Line = { start_fen: START_FEN, moves: [] };
  private view: AnalysisRoute["view"] = "analyse";
  private orientation: Side = "white";
  private running = true;

  /** `offer` opens the dialog of a new game from a position. */
  constructor(
    private readonly stage: Stage,
    private readonly list: EngineList,
    private readonly offer: (fen: string) => void,
  ) {
    startChoice(list, () => this.search());
    this.listen();
  }

  /** Shows the position of a route, to a pair of engines if one is named; an impossible one is told. */
  show(route: AnalysisRoute, pair: [string, string] | null): void {
    this.view = route.view;
    this.stage.moved = (origin, target) => void this.moved(origin, target);
    showChoice(this.list, { beside: route.view === "compare", pair });
    const line = lineOf(route.fen, route.moves);
    if (!line) showTrouble("expected a possible position and legal moves in the address, got others");
    this.take(line ?? { start_fen: START_FEN, moves: [] });
  }

  hide(): void {
    this.bench.stop();
  }

  /** Returns the line up to the position on the board, as the address tells it. */
  route(view: AnalysisRoute["view"] = this.view): AnalysisRoute {
    return { view, fen: this.line.start_fen, moves: this.line.moves.map(({ uci }) => uci) };
  }

  key(event: KeyboardEvent): void {
    if (stepByKey(event, this.stepper)) return;
    if (event.key === "f") this.flip();
    if (event.key === "b") this.stage.say();
    if (event.key === "m" || event.key === "/") {
      event.preventDefault();
      byId("analysis-move").focus();
    }
  }

  private listen(): void {
    startSteps("analysis", this.stepper);
    onClick("analysis-flip", () => this.flip());
    onClick("analysis-run", () => this.toggle());
    onClick("analysis-copy-fen", () => void this.copyFen());
    onClick("analysis-play", () => this.offer(this.position().fen));
    byId("analysis-typed").addEventListener("submit", (event) => this.typed(event));
    byId("set-up").addEventListener("submit", (event) => this.setUp(event));
  }

  private take(line: Line): void {
    this.line = line;
    this.stepper.reset(line.moves.length);
    this.search();
  }

  /** Searches the position on the board. */
  private search(): void {
    history.replaceState(null, "", hashOf(this.route()));
    const ending = endingAt(this.line, this.stepper.ply);
    if (ending) this.bench.rest(`The game is over here: ${ending}.`);
    else if (!this.running) this.bench.stop();
    else {
      const { ply } = this.stepper;
      const moves = this.line.moves.slice(0, ply).map(({ uci }) => uci);
      this.bench.begin({ fen: this.line.start_fen, moves, ...chosen() });
    }
    this.render();
  }

  private heard(): void {
    const move = this.line.moves[this.stepper.ply];
    if (move) move.analysis = this.bench.updates[0]?.analysis ?? move.analysis;
    this.render();
  }

  private async moved(origin: string, target: string): Promise<void> {
    const { ply } = this.stepper;
    let uci = `${origin}${target}`;
    if (promotes(this.line, ply, origin, target)) {
      const piece = await this.stage.choosePromotion(target, this.position().turn, this.orientation);
      if (!piece) return this.render();
      uci += piece;
    }
    this.play(uci);
  }

  /** Plays a move on the board; one that leaves the line begins another. */
  private play(uci: string): void {
    const { ply } = this.stepper;
    if (!isLegal(this.line, ply, uci)) return this.render();
    if (this.line.moves[ply]?.uci === uci) return this.stepper.step(1);
    const line = branch(this.line, ply, uci);
    line.moves[ply]!.analysis = this.bench.updates[0]?.analysis ?? null;
    this.take(line);
  }

  private typed(event: Event): void {
    event.preventDefault();
    const input = byId<HTMLInputElement>("analysis-move");
    const uci = parseTyped(this.line, this.stepper.ply, input.value);
    if (!uci) return showTrouble(`${input.value || "Nothing"} is not a legal move here.`);
    input.value = "";
    hideTrouble();
    this.play(uci);
  }

  /** Takes up the FEN or PGN that was pasted. */
  private setUp(event: Event): void {
    event.preventDefault();
    const field = byId<HTMLTextAreaElement>("set-up-text");
    const text = field.value.trim();
    try {
      this.take(parseText(text));
      field.value = "";
      hideTrouble();
    } catch (error) {
      showTrouble(messageOf(error));
    }
  }

  /** Stops a search under way; else searches, on top of what a search that has ended found here. */
  private toggle(): void {
    this.running = !this.bench.searching;
    this.search();
  }

  private flip(): void {
    this.orientation = this.orientation === "white" ? "black" : "white";
    this.render();
  }

  private async copyFen(): Promise<void> {
    const { fen } = this.position();
    if (await copy(fen)) showNotice("FEN copied.");
    else showTrouble(`the browser does not let the page copy; here it is: ${fen}`);
  }

  private position(): ReturnType<typeof positionAt> {
    return positionAt(this.line, this.stepper.ply);
  }

  private render(): void {
    const { ply } = this.stepper;
    const position = this.position();
    const first = this.bench.updates[0]?.analysis ?? null;
    this.stage.show({
      position,
      orientation: this.orientation,
      movable: { color: position.turn, destinations: destinationsAt(this.line, ply) },
      arrows: opinionArrows(this.bench, this.view),
      analysis: first,
      seats: { white: this.seat("white", position.turn), black: this.seat("black", position.turn) },
    });
    showOpinions(this.bench, this.line, ply, this.list.engines, this.view);
    const show = (to: number): void => this.stepper.show(to);
    showGraph(byId("analysis-graph"), this.line, ply, show);
    showMoves(byId("analysis-moves"), this.line, ply, show);
    showSteps("analysis", this.stepper);
    byId("analysis-run").textContent = this.bench.searching ? "Stop" : "Analyse";
  }

  private seat(side: Side, turn: Side): (Node | string)[] {
    const name = side === "white" ? "White" : "Black";
    return [make("span", "seat-name", name), make("span", "quiet", side === turn ? "to move" : "")];
  }
}
