// A shop's accent colour, and what follows from it so that every text stays readable: on the accent
// itself, and in its colour on light and dark paper (WCAG AA).

type Rgb = readonly [number, number, number];

/** The paper of style.css in light and dark: what coloured text stands on, cards included. */
const LIGHT_PAPER: Rgb = [240, 240, 236];
const DARK_PAPER: Rgb = [32, 34, 41];
/** Less than this, and a button cannot be told from what it lies on. */
const VISIBLE = 1.6;
/** A little more than the 4.5 that WCAG asks for. */
const READABLE = 4.6;
const STEP = 0.04;

export interface Theme {
  accent: string;
  /** Black or white, whichever reads better on the accent. */
  onAccent: string;
  /** The accent as the colour of text on light and on dark paper. */
  inkLight: string;
  inkDark: string;
  /** Around what is filled with the accent, where that would be lost on the paper. */
  edgeLight: string;
  edgeDark: string;
}

export function themeOf(accent: string): Theme {
  const rgb = parse(accent);
  const onWhite = contrast(rgb, [255, 255, 255]);
  const inkLight = readable(rgb, LIGHT_PAPER, [0, 0, 0]);
  const inkDark = readable(rgb, DARK_PAPER, [255, 255, 255]);
  const edge = (paper: Rgb, ink: string) => (contrast(rgb, paper) < VISIBLE ? ink : "transparent");
  return {
    accent,
    onAccent: onWhite >= contrast(rgb, [0, 0, 0]) || onWhite >= READABLE ? "#ffffff" : "#000000",
    inkLight,
    inkDark,
    edgeLight: edge(LIGHT_PAPER, inkLight),
    edgeDark: edge(DARK_PAPER, inkDark),
  };
}

/** The declarations that follow style.css for a sale with its own colour. */
export function themeCss(theme: Theme): string {
  const { accent, onAccent, inkLight, inkDark, edgeLight, edgeDark } = theme;
  return (
    `:root{--accent:${accent};--on-accent:${onAccent};--accent-ink:${inkLight};--edge:${edgeLight}}` +
    `@media(prefers-color-scheme:dark){:root{--accent-ink:${inkDark};--edge:${edgeDark}}}`
  );
}

/** Moves a colour towards `end` until it can be read on `paper`. */
function readable(colour: Rgb, paper: Rgb, end: Rgb): string {
  let mixed = colour;
  for (let share = 0; share <= 1 && contrast(mixed, paper) < READABLE; share += STEP) {
    mixed = colour.map((part, i) =>
      Math.round(part + ((end[i] as number) - part) * share),
    ) as unknown as Rgb;
  }
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function parse(hex: string): Rgb {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

/** The contrast ratio of WCAG 2: 1 for equal colours, 21 for black on white. */
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
