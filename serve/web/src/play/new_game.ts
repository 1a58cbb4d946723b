/** The dialog of a new game: who plays, and from where. */

import type { EngineList, NewGame, Players, Side } from "../api/messages";
import { byId, onClick } from "../shell/dom";
import { recall, remember } from "../shell/settings";
import { PlayerFields } from "./player_fields";

/** What the dialog can bring about; both resolve to whether it was done. */
interface Actions {
  start(game: NewGame): Promise<boolean>;
  apply(players: Players): Promise<boolean>;
}

export class NewGameDialog {
  private readonly dialog = byId<HTMLDialogElement>("new-game");
  private readonly fields: Record<Side, PlayerFields>;

  constructor(
    private readonly list: EngineList,
    private readonly actions: Actions,
  ) {
    this.fields = { white: new PlayerFields("white", list), black: new PlayerFields("black", list) };
    byId("sides").prepend(this.fields.white.element);
    byId("sides").append(this.fields.black.element);
    onClick("swap-sides", () => this.swap());
    onClick("new-game-cancel", () => this.dialog.close());
    onClick("players-apply", () => void this.finish(() => this.actions.apply(this.chosen())));
    byId("new-game-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.finish(() => this.actions.start({ ...this.chosen(), ...startingPoint() }));
    });
  }

  /** Opens with players chosen, and a position to start from; `canApply` if a game is on. */
  open(players: Players, { fen = "", canApply = false } = {}): void {
    this.choose(players);
    byId<HTMLInputElement>("fen").value = fen;
    byId<HTMLTextAreaElement>("pgn").value = "";
    byId<HTMLDetailsElement>("start-from").open = fen !== "";
    byId("players-apply").hidden = !canApply;
    this.dialog.querySelector(".dialog-trouble")!.textContent = "";
    this.dialog.showModal();
  }

  /** Returns the players chosen last, as far as there are such engines; else a human as White. */
  remembered(): Players {
    const known = (id: string | null): boolean =>
      id === null || this.list.engines.some((engine) => engine.id === id);
    const last = recall<Players | null>("players", null);
    if (last && known(last.white.engine) && known(last.black.engine)) return last;
    return {
      white: { engine: null, simulations: null, temperature: null },
      black: { engine: this.list.default, simulations: this.list.default_simulations, temperature: 0 },
    };
  }

  private choose(players: Players): void {
    for (const side of ["white", "black"] as const) this.fields[side].choose(players[side]);
  }

  private chosen(): Players {
    return { white: this.fields.white.chosen(), black: this.fields.black.chosen() };
  }

  private swap(): void {
    const { white, black } = this.chosen();
    this.choose({ white: black, black: white });
  }

  /** Closes if what was asked was done; a refusal leaves the dialog as it is, to be mended. */
  private async finish(action: () => Promise<boolean>): Promise<void> {
    remember("players", this.chosen());
    if (await action()) this.dialog.close();
  }
}

/** Returns where the game shall start, as typed. */
function startingPoint(): { fen?: string; pgn?: string } {
  const fen = byId<HTMLInputElement>("fen").value.trim();
  const pgn = byId<HTMLTextAreaElement>("pgn").value.trim();
  if (pgn) return { pgn };
  return fen ? { fen } : {};
}
