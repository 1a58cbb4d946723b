/** Games as text: the first game of a PGN, read in the browser. */

import { makeFen } from "chessops/fen";
import { parsePgn, startingPosition } from "chessops/pgn";
import { parseSan } from "chessops/san";
import { makeUci } from "chessops/util";
import { lineOf, numberOf, type Line } from "./line";

const FEN_RANKS = 8;

/** Returns the line of a text, be it a FEN or a PGN; throws an Error that says what is wrong with it. */
export function parseText(text: string): Line {
  const line = lineOf(text, []);
  if (line) return line;
  const isFen = text.split(" ")[0]!.split("/").length === FEN_RANKS;
  if (isFen) throw new Error(`expected a possible position, got ${text}`);
  return parseGame(text);
}

/** Returns the main line of the first game; throws an Error that says what is wrong with the text. */
function parseGame(text: string): Line {
  const game = parsePgn(text.trim())[0];
  if (!game) throw new Error("expected a game in PGN, got nothing");
  const start = startingPosition(game.headers);
  if (start.isErr) throw new Error(`expected a possible position in the PGN, got ${start.error.message}`);
  const position = start.value;
  const line: Line = { start_fen: makeFen(position.toSetup()), moves: [] };
  for (const { san } of game.moves.mainline()) {
    const move = parseSan(position, san);
    const number = numberOf(line, line.moves.length);
    if (!move) throw new Error(`expected a legal move at ${number} of the PGN, got ${san}`);
    line.moves.push({ uci: makeUci(move), san, analysis: null });
    position.play(move);
  }
  if (!line.moves.length && !game.headers.has("FEN")) throw new Error("expected moves in the PGN, got none");
  return line;
}
