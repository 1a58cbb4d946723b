/** The bar beside the board: the expected score of White. */

import type { Analysis, Side } from "../api/messages";
import { byId } from "../shell/dom";

/** Shows an analysis, or that there is none. */
export function showBar(analysis: Analysis | null, orientation: Side): void {
  const score = analysis ? 100 * scoreOf(analysis) : 50;
  const rounded = score.toFixed(0);
  const bar = byId("bar");
  bar.classList.toggle("upside-down", orientation === "black");
  bar.classList.toggle("white-ahead", score >= 50);
  bar.setAttribute("aria-valuenow", rounded);
  bar.setAttribute("aria-valuetext", analysis ? `${rounded} %` : "not known yet");
  bar.title = analysis ? `White is expected to score ${rounded} %` : "";
  byId("bar-white").style.height = `${score}%`;
  byId("bar-label").textContent = analysis ? Math.max(score, 100 - score).toFixed(0) : "";
}

/** Returns what White scores on average, 0 to 1. */
export function scoreOf(analysis: Analysis): number {
  return analysis.white + analysis.draw / 2;
}
