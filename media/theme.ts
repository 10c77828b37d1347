/** Colours of the editor's theme, read when drawing: a change of theme needs only a redraw. */

export interface Theme {
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly background: string;
  readonly error: string;
  readonly warning: string;
  readonly font: string;
  /** A line's colour by its place; always opaque. */
  line(index: number): string;
}

/** Order chosen so that neighbours differ for the common colour deficiencies: blue, orange, then by lightness. */
const lineColors = ["blue", "orange", "green", "purple", "red", "yellow"];
const fallbackLines = ["#3794ff", "#d18616", "#89d185", "#b180d7", "#f14c4c", "#cca700"];
const dashes: readonly (readonly number[])[] = [[], [8, 3], [2, 3], [8, 3, 2, 3], [12, 4], [4, 4]];

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string, fallback: string) => style.getPropertyValue(`--vscode-${name}`).trim() || fallback;
  const foreground = color("editor-foreground", color("foreground", "#cccccc"));
  const highContrast = /\bvscode-high-contrast/.test(document.body.className);
  return {
    foreground,
    muted: color("descriptionForeground", foreground),
    grid: `color-mix(in srgb, ${foreground} ${highContrast ? 30 : 14}%, transparent)`,
    background: color("editor-background", "#1e1e1e"),
    error: color("editorError-foreground", "#f14c4c"),
    warning: color("editorWarning-foreground", "#cca700"),
    font: `11px ${style.getPropertyValue("--vscode-font-family").trim() || "sans-serif"}`,
    line: (index) => {
      const place = index % lineColors.length;
      return opaque(color(`charts-${lineColors[place]}`, fallbackLines[place] ?? foreground));
    },
  };
}

/** Some themes' chart colours let the background through, which makes a thin line hard to see. */
function opaque(color: string): string {
  if (/^#[0-9a-f]{8}$/i.test(color)) return color.slice(0, 7);
  return color.replace(/^rgba\(([^,]+,[^,]+,[^,]+),.*\)$/, "rgb($1)");
}

export function lineDash(index: number): number[] {
  return [...(dashes[index % dashes.length] ?? [])];
}

/** Calls back when the editor's theme changes: VS Code then rewrites the body's class and the root's style. */
export function onThemeChange(changed: () => void): void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
}
