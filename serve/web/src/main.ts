/** Starts the page: asks for the engines, then shows what the address says. */

import { App } from "./app";
import { listEngines } from "./api/calls";
import { messageOf } from "./api/failure";
import { insist } from "./api/retry";
import { Stage } from "./board/stage";
import { onClick } from "./shell/dom";
import { startHelp } from "./shell/help";
import { startSound } from "./shell/sound";
import { startTheme } from "./shell/theme";
import { hideTrouble, showTrouble } from "./shell/trouble";

async function start(): Promise<void> {
  startTheme();
  startSound();
  startHelp();
  onClick("trouble", hideTrouble);
  const stage = new Stage();
  await new App(stage, await insist(listEngines)).go();
}

start().catch((error: unknown) => showTrouble(messageOf(error)));
