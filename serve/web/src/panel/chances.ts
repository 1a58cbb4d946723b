/** Win, draw, loss: a bar of three parts, and their names. */

import type { Analysis } from "../api/messages";
import { make } from "../shell/dom";
import { percent } from "./figures";

/** Returns the chances of an analysis. */
export function chances(analysis: Analysis): HTMLElement {
  const shares = [
    ["white", "White", analysis.white],
    ["draw", "draw", analysis.draw],
    ["black", "Black", analysis.black],
  ] as const;
  const bar = make("div", "chances-bar");
  bar.setAttribute("aria-hidden", "true");
  const names = make("div", "chances-names");
  for (const [kind, name, share] of shares) {
    const part = make("div", kind);
    part.style.width = `${100 * share}%`;
    bar.append(part);
    names.append(make("span", kind, make("b", "", percent(share)), ` ${name}`));
  }
  return make("div", "chances", bar, names);
}
