/** Light or dark: as the system has it, or as chosen. */

import { byId, onClick } from "./dom";
import { recall, remember } from "./settings";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const NAMES: Record<Theme, string> = {
  auto: "Colours: as the system",
  light: "Colours: light",
  dark: "Colours: dark",
};

/** Applies the theme chosen last, and lets the button go through all of them. */
export function startTheme(): void {
  let theme = THEMES.find((known) => known === recall<string>("theme", "auto")) ?? "auto";
  apply(theme);
  onClick("theme", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    remember("theme", theme);
    apply(theme);
  });
}

function apply(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  byId("theme").title = NAMES[theme];
  byId("theme").setAttribute("aria-label", NAMES[theme]);
}
