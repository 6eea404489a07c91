// Draws the plots of reports as SVG, and the page around them.
import { html, raw } from "hono/html";

export const WIDTH = 720;
export const HEIGHT = 120;

export const round = (value: number): number => Math.round(value * 10) / 10;

type Content = ReturnType<typeof html>;

/** A plot that is WIDTH × HEIGHT. `label` says to people who do not see it what it is about. */
export const plot = (label: string, content: unknown): Content =>
  html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${content}</svg>`;

/** A line through points. x and y: 0 to 1, from the left and from below. */
export const polyline = (points: readonly (readonly [x: number, y: number])[]): Content => {
  const places = points.map(([x, y]) => `${round(WIDTH * x)},${round(HEIGHT * (1 - y))}`);
  return html`<polyline points="${places.join(" ")}"/>`;
};

/** A whole page. @param style rules beside those of all reports */
export const reportPage = (title: string, style: string, content: unknown): string =>
  String(html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${raw(STYLE + style)}</style>
<h1>${title}</h1>
${content}
</html>
`);

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid #8886; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
svg { width: 100%; background: #8881; }
polyline { fill: none; stroke: currentColor; stroke-width: 1.5; }
`;
