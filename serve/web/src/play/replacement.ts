/** Players of a game whose engines the server does not have any more. */

import type { EngineList, Player, Players, Side } from "../api/messages";

const SIDES: Side[] = ["white", "black"];

/** What was put in place of what. */
interface Replacement {
  players: Players;
  /** A sentence with a space before it, or nothing. */
  news: string;
}

/** Takes up the engines that the server has now, `fresh`, into `list`; the default plays for those gone. */
export function replacement(players: Players, list: EngineList, fresh: EngineList): Replacement {
  const nameOf = (id: string): string => list.engines.find((engine) => engine.id === id)?.name ?? id;
  const isGone = ({ engine }: Player): boolean =>
    engine !== null && !fresh.engines.some(({ id }) => id === engine);
  const gone = SIDES.map((side) => players[side]).filter(isGone);
  const names = [...new Set(gone.map(({ engine }) => nameOf(engine!)))].join(" and ");
  Object.assign(list, fresh);
  const fit = (player: Player): Player => (isGone(player) ? { ...player, engine: list.default } : player);
  return {
    players: { white: fit(players.white), black: fit(players.black) },
    news: names && ` It has no ${names} any more: ${nameOf(list.default)} plays instead.`,
  };
}
