/** Who sits at the board: name, strength, what the gate says, whether they think. */

import type { Engine, Game, Side } from "../api/messages";
import { verdictBadge } from "../engines/verdict";
import { make } from "../shell/dom";
import { effortOf, nameOf, strengthOf } from "./words";

/** Returns what stands beside the board for a side. */
export function seat(game: Game, side: Side, engines: Engine[], thinking: boolean): (Node | string)[] {
  const player = game.players[side];
  const engine = engines.find(({ id }) => id === player.engine);
  const name = make("span", "seat-name", nameOf(game, side, engines));
  const strength = make("span", "quiet", strengthOf(player, engines));
  strength.title = effortOf(player);
  const waits = thinking && game.turn === side && player.engine !== null;
  const dots = make("span", waits ? "thinking" : "", make("i"), make("i"), make("i"));
  dots.setAttribute("aria-hidden", "true");
  return [name, verdictBadge(engine?.verdict ?? null), strength, dots];
}
