/** The page as a whole: which view is on, and what the keys do there. */

import { Analyse } from "./analyse/analyse";
import { messageOf } from "./api/failure";
import type { EngineList } from "./api/messages";
import type { Stage } from "./board/stage";
import { showDisagreements } from "./engines/disagreements";
import { showEngines } from "./engines/engines";
import { Play } from "./play/play";
import { parseRoute, type Route } from "./route";
import { byId, isTyping } from "./shell/dom";
import { openHelp } from "./shell/help";
import { hideTrouble, showTrouble } from "./shell/trouble";

const TITLES: Record<Route["view"], string> = {
  play: "Play",
  analyse: "Analyse",
  compare: "Compare",
  engines: "Engines",
  disagreements: "Disagreements",
};

export class App {
  private readonly play: Play;
  private readonly analyse: Analyse;
  private shown: Route | null = null;
  private pair: [string, string] | null = null;

  constructor(
    stage: Stage,
    private readonly list: EngineList,
  ) {
    this.play = new Play(stage, list);
    this.analyse = new Analyse(stage, list, (fen) => this.play.offer(fen));
    window.addEventListener("hashchange", () => void this.go());
    window.addEventListener("keydown", (event) => this.key(event));
  }

  /** Shows what the address says. */
  async go(): Promise<void> {
    const route = this.kept(parseRoute(location.hash));
    if (this.shown && this.shown.view !== route.view) hideTrouble();
    this.leave();
    this.shown = route;
    this.mark(route);
    try {
      await this.show(route);
    } catch (error) {
      showTrouble(messageOf(error));
    }
  }

  private async show(route: Route): Promise<void> {
    if (route.view === "play") return this.play.show(route.id);
    if (route.view === "engines") return showEngines(this.list);
    if (route.view === "disagreements") return this.showDisagreements(route.engine);
    this.analyse.show(route, this.pair);
    this.pair = null;
  }

  private async showDisagreements(engine: string): Promise<void> {
    await showDisagreements(engine, this.list, {
      play: (fen) => this.play.offer(fen),
      compare: (original, model) => (this.pair = [original, model]),
    });
  }

  /** An analysis whose address names no position takes up what was on the board. */
  private kept(route: Route): Route {
    if ((route.view !== "analyse" && route.view !== "compare") || location.hash.includes("?")) return route;
    const { game } = this.play.session;
    if (this.shown?.view === "play" && game)
      return { view: route.view, fen: game.start_fen, moves: game.moves.map(({ uci }) => uci) };
    return this.shown ? this.analyse.route(route.view) : route;
  }

  private leave(): void {
    if (this.shown?.view === "play") this.play.hide();
    if (this.shown?.view === "analyse" || this.shown?.view === "compare") this.analyse.hide();
  }

  private mark(route: Route): void {
    document.body.dataset["view"] = route.view;
    byId("nav-compare").hidden = this.list.engines.length < 2;
    document.title = `${TITLES[route.view]} · aztoolkit`;
    const current = route.view === "disagreements" ? "engines" : route.view;
    for (const view of ["play", "analyse", "compare", "engines"]) {
      if (view === current) byId(`nav-${view}`).setAttribute("aria-current", "page");
      else byId(`nav-${view}`).removeAttribute("aria-current");
    }
    if (route.view !== "play") window.scrollTo(0, 0);
  }

  private key(event: KeyboardEvent): void {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open], .promotion")) return;
    if (event.key === "?") openHelp();
    else if (this.shown?.view === "play") this.play.key(event);
    else if (this.shown?.view === "analyse" || this.shown?.view === "compare") this.analyse.key(event);
  }
}
