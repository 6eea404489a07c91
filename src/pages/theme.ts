// Derives a theme from a shop's accent color so that every text stays readable (WCAG AA): text on the accent, and
// text in the accent color on light and dark backgrounds.

type Rgb = readonly [number, number, number];

/** The least favorable backgrounds of style.css, cards included. */
const LIGHT_BACKGROUND: Rgb = [240, 240, 236];
const DARK_BACKGROUND: Rgb = [32, 34, 41];
/** Below this contrast ratio, a button needs an outline to stand out from the background. */
const MIN_BUTTON_CONTRAST = 1.6;
/** Slightly above the 4.5 that WCAG AA requires. */
const MIN_TEXT_CONTRAST = 4.6;
const STEP = 0.04;

export interface Theme {
  accent: string;
  /** Black or white, whichever reads better on the accent. */
  onAccent: string;
  /** The accent, adjusted for use as a text color on light and on dark backgrounds. */
  inkLight: string;
  inkDark: string;
  /** The outline of accent-filled elements; transparent where they stand out without one. */
  edgeLight: string;
  edgeDark: string;
}

export function themeOf(accent: string): Theme {
  const rgb = parse(accent);
  const onWhite = contrast(rgb, [255, 255, 255]);
  const inkLight = readable(rgb, LIGHT_BACKGROUND, [0, 0, 0]);
  const inkDark = readable(rgb, DARK_BACKGROUND, [255, 255, 255]);
  const edge = (background: Rgb, ink: string) =>
    contrast(rgb, background) < MIN_BUTTON_CONTRAST ? ink : "transparent";
  return {
    accent,
    onAccent:
      onWhite >= contrast(rgb, [0, 0, 0]) || onWhite >= MIN_TEXT_CONTRAST ? "#ffffff" : "#000000",
    inkLight,
    inkDark,
    edgeLight: edge(LIGHT_BACKGROUND, inkLight),
    edgeDark: edge(DARK_BACKGROUND, inkDark),
  };
}

/** The CSS appended to style.css for a sale with its own accent color. */
export function themeCss(theme: Theme): string {
  const { accent, onAccent, inkLight, inkDark, edgeLight, edgeDark } = theme;
  return (
    `:root{--accent:${accent};--on-accent:${onAccent};--accent-ink:${inkLight};--edge:${edgeLight}}` +
    `@media(prefers-color-scheme:dark){:root{--accent-ink:${inkDark};--edge:${edgeDark}}}`
  );
}

/** Mixes a color toward `end` until it is readable on `background`. */
function readable(color: Rgb, background: Rgb, end: Rgb): string {
  let mixed = color;
  for (
    let share = 0;
    share <= 1 && contrast(mixed, background) < MIN_TEXT_CONTRAST;
    share += STEP
  ) {
    mixed = color.map((part, i) =>
      Math.round(part + ((end[i] as number) - part) * share),
    ) as unknown as Rgb;
  }
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function parse(hex: string): Rgb {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

/** The WCAG 2 contrast ratio: from 1 for equal colors to 21 for black on white. */
export function contrast(a: Rgb, b: Rgb): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
