/** The view of the positions that an engine and its original see most differently. */

import { listDisagreements } from "../api/calls";
import type { Disagreement, DisagreementList, EngineList, Opinion } from "../api/messages";
import { insist } from "../api/retry";
import { smallBoard } from "../board/small";
import { percent } from "../panel/figures";
import { hashOf } from "../route";
import { button, byId, link, make } from "../shell/dom";

/** What can be done with a position of the list. */
export interface Uses {
  play(fen: string): void;
  compare(original: string, model: string): void;
}

/** Lists the positions of an engine; throws Failure if the server has none. */
export async function showDisagreements(id: string, list: EngineList, uses: Uses): Promise<void> {
  const place = byId("disagreements-list");
  place.replaceChildren(make("p", "quiet", "Loading…"));
  const found = await insist(() => listDisagreements(id));
  const name = (engine: string | null): string =>
    list.engines.find((known) => known.id === engine)?.name ?? "its original";
  const names = { model: name(found.model), original: name(found.original) };
  const title = `Where ${names.model} and ${names.original} disagree most`;
  byId("disagreements-title").textContent = title;
  place.replaceChildren(...found.positions.map((position) => card(position, found, names, uses)));
  if (!found.positions.length) place.append(make("p", "quiet", "They agree everywhere they were compared."));
}

function card(
  position: Disagreement,
  found: DisagreementList,
  names: { model: string; original: string },
  uses: Uses,
): HTMLElement {
  const { original, model, fen } = position;
  const opinions = [view("original", names.original, original), view("model", names.model, model)];
  const line = { fen: position.start_fen, moves: position.moves };
  const route = hashOf({ view: found.original ? "compare" : "analyse", ...line });
  const compare = link("Analyse", route, "button");
  compare.addEventListener("click", () => found.original && uses.compare(found.original, found.model));
  const actions = make("div", "actions", button("Play", () => uses.play(fen)), compare);
  const turn = fen.split(" ")[1] === "w" ? "White to move" : "Black to move";
  const label = `${turn}; ${names.original} plays ${original.san}, ${names.model} ${model.san}`;
  const words = make(
    "div",
    "",
    make("h2", "", turn),
    make("dl", "disagreement-figures", ...opinions),
    make("p", "quiet", distance(position)),
    actions,
  );
  return make("article", "card disagreement", smallBoard(fen, [original.uci, model.uci], label), words);
}

function distance({ kl, winrate_error }: Disagreement): string {
  return `Policies ${kl.toFixed(3)} nats apart, win rates ${(100 * winrate_error).toFixed(1)} points.`;
}

function view(kind: string, name: string, opinion: Opinion): HTMLElement {
  const words = `${percent(opinion.probability)}; White scores ${percent(opinion.winrate)}`;
  return make("div", kind, make("dt", "", name), make("dd", "", make("b", "san", opinion.san), ` ${words}`));
}
