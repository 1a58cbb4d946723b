/** The dialog that tells of the keys. */

import { byId, onClick } from "./dom";

export function startHelp(): void {
  onClick("help", openHelp);
  onClick("help-close", () => byId<HTMLDialogElement>("help-dialog").close());
}

export function openHelp(): void {
  byId<HTMLDialogElement>("help-dialog").showModal();
}
