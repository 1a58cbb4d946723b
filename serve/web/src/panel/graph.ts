/** The chances over the game: White from below, Black from above, draws between. */

import type { Analysis } from "../api/messages";
import type { Line } from "../chess/line";
import { svg } from "../shell/dom";
import { percent } from "./figures";
import { scoreOf } from "./bar";

const WIDTH = 100;
const HEIGHT = 24;
const FEWEST_PLIES = 20;

/** Returns the place of a ply from left to right. */
type PlaceOf = (ply: number) => number;
type Point = readonly [x: number, analysis: Analysis];

/** Draws the analyses of a line into `place`; calls `show` with the ply that is clicked. */
export function showGraph(
  place: HTMLElement,
  line: Line,
  shownPly: number,
  show: (ply: number) => void,
): void {
  const points = pointsOf(line);
  const plies = Math.max(line.moves.length, FEWEST_PLIES);
  const x: PlaceOf = (ply) => (WIDTH * ply) / plies;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  picture.setAttribute("aria-label", summary(points));
  if (points.length) picture.append(...areas(points, x), marker(x(shownPly)));
  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    show(Math.round((plies * (event.clientX - box.left)) / box.width));
  });
  place.replaceChildren(picture);
  place.classList.toggle("empty", points.length === 0);
}

function pointsOf(line: Line): Point[] {
  const points = line.moves.flatMap((move, ply): Point[] => (move.analysis ? [[ply, move.analysis]] : []));
  const last = points[points.length - 1];
  return last ? [...points, [last[0] + 1, last[1]]] : []; // what was thought last holds on
}

function areas(points: Point[], x: PlaceOf): SVGElement[] {
  const middle = HEIGHT / 2;
  return [
    area("graph-black", points, x, () => 1),
    area("graph-draw", points, x, (analysis) => analysis.white + analysis.draw),
    area("graph-white", points, x, (analysis) => analysis.white),
    svg("line", { class: "graph-even", x1: 0, x2: WIDTH, y1: middle, y2: middle }),
    svg("polyline", { class: "graph-score", points: curve(points, x, scoreOf) }),
  ];
}

function area(kind: string, points: Point[], x: PlaceOf, top: (at: Analysis) => number): SVGElement {
  const [first, last] = [x(points[0]![0]), x(points[points.length - 1]![0])];
  const outline = `${first},${HEIGHT} ${curve(points, x, top)} ${last},${HEIGHT}`;
  return svg("polygon", { class: kind, points: outline });
}

function curve(points: Point[], x: PlaceOf, height: (at: Analysis) => number): string {
  const y = (at: Analysis): number => HEIGHT * (1 - height(at));
  return points.map(([ply, at]) => `${x(ply).toFixed(2)},${y(at).toFixed(2)}`).join(" ");
}

function marker(x: number): SVGElement {
  return svg("line", { class: "graph-shown", x1: x, x2: x, y1: 0, y2: HEIGHT });
}

function summary(points: Point[]): string {
  const last = points[points.length - 1];
  if (!last) return "Chances over the game: not known yet";
  const [ply, analysis] = last;
  return `Chances over the game; at ply ${ply}, White is expected to score ${percent(scoreOf(analysis))}`;
}
