/** Whether the server can be reached, in the corner of the page. */

import { byId } from "./dom";

export type Link = "connected" | "away" | "busy";

const WORDS: Record<Link, string> = {
  connected: "Connected",
  away: "No connection; trying again…",
  busy: "The server is busy; trying again…",
};

/** Shows the state of the connection; says nothing again that is already said. */
export function showLink(link: Link): void {
  const place = byId("link");
  if (place.dataset["link"] === link) return;
  place.dataset["link"] = link;
  byId("link-words").textContent = WORDS[link];
}
