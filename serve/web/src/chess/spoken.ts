/** Moves in words, for those who listen to the page. */

const PIECES: Record<string, string> = { K: "king", Q: "queen", R: "rook", B: "bishop", N: "knight" };

/** Returns how a move in SAN is said: `Nxf3+` is "knight takes f3, check". */
export function spoken(san: string): string {
  const ending = san.endsWith("#") ? ", checkmate" : san.endsWith("+") ? ", check" : "";
  const move = san.replace(/[+#]$/, "");
  if (move === "O-O") return `castles kingside${ending}`;
  if (move === "O-O-O") return `castles queenside${ending}`;
  const words = [...move].map((sign) => PIECES[sign] ?? OTHER[sign] ?? sign);
  return joined(words) + ending;
}

const OTHER: Record<string, string> = { x: "takes", "=": "becomes" };

/** Joins words, keeping a square's file and rank together. */
function joined(words: string[]): string {
  return words.join(" ").replace(/\b([a-h]) ([1-8])\b/g, "$1$2");
}
