/** The view of the engines: what each is, what the gate says of it, where its reports are. */

import type { Engine, EngineList, Level } from "../api/messages";
import { bytes, count } from "../panel/figures";
import { hashOf } from "../route";
import { byId, link, make } from "../shell/dom";
import { proofs, verdictBadge, verdictWords } from "./verdict";

/** Lists the engines. */
export function showEngines(list: EngineList): void {
  const cards = list.engines.map((engine) => card(engine, engine.id === list.default));
  byId("engines-list").replaceChildren(...cards);
}

function card(engine: Engine, isDefault: boolean): HTMLElement {
  const name = make("h2", "engine-name", engine.name, verdictBadge(engine.verdict));
  if (isDefault) name.append(make("span", "badge plain", "default"));
  const parts: HTMLElement[] = [
    name,
    make("p", "quiet", about(engine)),
    make("p", "quiet", engine.backend),
    make("p", "", isOriginal(engine) ? ORIGINAL : verdictWords(engine.verdict)),
  ];
  const figures = proofs(engine);
  if (figures.length) parts.push(table(figures));
  parts.push(...levels(engine));
  const links = reports(engine);
  if (links.length) parts.push(make("p", "links", ...links));
  return make("article", "card engine-card", ...parts);
}

function about({ network, precision, size_bytes, training_step }: Engine): string {
  return `${network} · ${precision.toUpperCase()} · ${bytes(size_bytes)} · step ${count(training_step)}`;
}

function table(figures: [string, string][]): HTMLElement {
  const rows = figures.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value)));
  return make("dl", "proofs", ...rows);
}

/** Returns what its levels are worth, and on whose scale; nothing where that was not measured. */
function levels({ strengths: { levels, scale } }: Engine): HTMLElement[] {
  const measured = levels.filter(({ worth }) => worth);
  if (!scale || !measured.length) return [];
  const rows = measured.map((level): [string, string] => [level.name, `${level.worth}${interval(level)}`]);
  return [make("p", "quiet", `Levels, by ${scale}:`), table(rows)];
}

function interval({ elo_low, elo_high, games }: Level): string {
  const played = games === null ? "" : `, ${count(games)} games`;
  if (elo_low === null || elo_high === null) return played;
  return ` (${elo_low.toFixed(0)} to ${elo_high.toFixed(0)}${played})`;
}

function reports(engine: Engine): HTMLElement[] {
  const links: HTMLElement[] = [];
  if (engine.gate_page) links.push(link("The gate's report", engine.gate_page));
  if (engine.compare_page) links.push(link("The comparison", engine.compare_page));
  if (engine.disagreements)
    links.push(link("Where it disagrees most", hashOf({ view: "disagreements", engine: engine.id })));
  return links;
}

const ORIGINAL = "This is an original: the others are held against it.";

function isOriginal(engine: Engine): boolean {
  return engine.precision === "fp32" && !engine.verdict;
}
