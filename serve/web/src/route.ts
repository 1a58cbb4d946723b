/** What the address says is shown: everything after its `#`. */

import { START_FEN } from "./chess/line";

export type Route =
  | { view: "play"; id: string }
  | { view: "analyse" | "compare"; fen: string; moves: string[] }
  | { view: "engines" }
  | { view: "disagreements"; engine: string };

/** Returns the route of a hash; what cannot be read is a new game. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, name = ""] = path.split("/").map(decodeURIComponent);
  const asked = new URLSearchParams(query);
  if (view === "analyse" || view === "compare") {
    const moves = asked.get("moves")?.split(",").filter(Boolean) ?? [];
    return { view, fen: asked.get("fen") ?? START_FEN, moves };
  }
  if (view === "engines") return { view };
  if (view === "disagreements") return { view, engine: name };
  return { view: "play", id: view === "play" ? name : "" };
}

/** Returns the hash of a route. */
export function hashOf(route: Route): string {
  if (route.view === "play") return route.id ? `#/play/${encodeURIComponent(route.id)}` : "#/";
  if (route.view === "engines") return "#/engines";
  if (route.view === "disagreements") return `#/disagreements/${encodeURIComponent(route.engine)}`;
  const query = new URLSearchParams();
  if (route.fen !== START_FEN) query.set("fen", route.fen);
  if (route.moves.length) query.set("moves", route.moves.join(","));
  return `#/${route.view}${query.size ? `?${query}` : ""}`;
}
