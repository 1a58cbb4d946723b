/** The sounds of moves, made by the browser; off until they are wanted. */

import { byId, onClick } from "./dom";
import { recall, remember } from "./settings";

export type Sound = "move" | "capture" | "check" | "end";

/** Tones in turn: hertz, and how loud from 0 to 1. */
const TONES: Record<Sound, readonly (readonly [hertz: number, loud: number])[]> = {
  move: [[210, 0.5]],
  capture: [[210, 0.6], [140, 0.6]],
  check: [[310, 0.5], [415, 0.5]],
  end: [[262, 0.4], [330, 0.4], [392, 0.5]],
};
const TONE_S = 0.09;

let wanted = false;
let context: AudioContext | null = null;

/** Lets the button turn the sounds on and off, and takes up the choice made last. */
export function startSound(): void {
  set(recall("sound", false));
  onClick("sound", () => {
    set(!wanted);
    remember("sound", wanted);
    play("move");
  });
}

/** Plays a sound, if sounds are wanted. */
export function play(sound: Sound): void {
  if (!wanted) return;
  context ??= new AudioContext();
  void context.resume();
  TONES[sound].forEach(([hertz, loud], i) => tone(context!, hertz, loud, context!.currentTime + i * TONE_S));
}

/** Returns the sound of a move in SAN. */
export function soundOf(san: string, over: boolean): Sound {
  if (over) return "end";
  if (/[+#]$/.test(san)) return "check";
  return san.includes("x") ? "capture" : "move";
}

/** A knock: a low tone that dies away at once. */
function tone(audio: AudioContext, hertz: number, loud: number, start: number): void {
  const source = new OscillatorNode(audio, { type: "triangle", frequency: hertz });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.setValueAtTime(0.35 * loud, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 1.6 * TONE_S);
  source.connect(volume).connect(audio.destination);
  source.start(start);
  source.stop(start + 1.6 * TONE_S);
}

function set(on: boolean): void {
  wanted = on;
  byId("sound").setAttribute("aria-pressed", String(on));
  byId("sound").title = on ? "Sounds are on" : "Sounds are off";
}
