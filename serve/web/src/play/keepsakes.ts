/** What can be taken from a game: its PGN, its position, the game to the analysis; and giving it up. */

import { getPgn } from "../api/calls";
import { messageOf } from "../api/failure";
import { insist } from "../api/retry";
import { hashOf } from "../route";
import { copy, download } from "../shell/clipboard";
import { byId, onClick } from "../shell/dom";
import { showNotice, showTrouble } from "../shell/trouble";
import type { Session } from "./session";

const SURE_MS = 4000;

/** Wires the buttons; `shownFen` tells the position that is on the board. */
export function startKeepsakes(session: Session, shownFen: () => string): void {
  onClick("copy-pgn", () => void withPgn(session, (pgn) => say(pgn, "PGN")));
  onClick("download-pgn", () => void withPgn(session, save));
  onClick("copy-fen", () => void say(shownFen(), "FEN"));
  onClick("analyse-game", () => {
    const game = session.game!;
    location.hash = hashOf({ view: "analyse", fen: game.start_fen, moves: game.moves.map(({ uci }) => uci) });
  });
  askTwice("resign", "Resign", "Really resign?", () => void session.resign());
}

async function withPgn(session: Session, use: (pgn: string) => Promise<void> | void): Promise<void> {
  try {
    await use(await insist(() => getPgn(session.game!.id)));
  } catch (error) {
    showTrouble(messageOf(error));
  }
}

function save(pgn: string): void {
  const day = new Date().toISOString().slice(0, 10);
  download(`aztoolkit-${day}.pgn`, pgn, "application/x-chess-pgn");
}

async function say(text: string, name: string): Promise<void> {
  if (await copy(text)) showNotice(`${name} copied.`);
  else showTrouble(`the browser does not let the page copy; here it is: ${text}`);
}

/** Lets a button act only when it is clicked again while it asks. */
function askTwice(id: string, words: string, question: string, action: () => void): void {
  const button = byId<HTMLButtonElement>(id);
  let timer = 0;
  const rest = (): void => {
    window.clearTimeout(timer);
    timer = 0;
    button.textContent = words;
  };
  button.addEventListener("click", () => {
    if (timer) {
      rest();
      return action();
    }
    button.textContent = question;
    timer = window.setTimeout(rest, SURE_MS);
  });
  button.addEventListener("blur", rest);
}
