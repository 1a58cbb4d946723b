/** What a screen reader says at once. */

import { byId } from "./dom";

const AGAIN = "\u00a0";

/** Says words; the same ones again are another text, since only changes are read out. */
export function say(words: string): void {
  const place = byId("spoken");
  place.textContent = place.textContent === words ? words + AGAIN : words;
}
