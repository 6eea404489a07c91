// The styles of `<doorbuster-buy>`. Shops change them by custom properties, which pass through the shadow, and by parts.
export const STYLE = `
:host { display: block; font: inherit; color: var(--doorbuster-color, inherit); }
:host([hidden]), [hidden] { display: none !important; }
p { margin: 0 0 0.5em; }
p:empty { display: none; }
[part="price"] { font-size: 1.25em; font-weight: 600; }
[part="clock"] { font-variant-numeric: tabular-nums; }
button, a {
  display: inline-block; box-sizing: border-box; min-height: 44px; padding: 0.6em 1.4em; font: inherit; font-weight: 600;
  text-decoration: none; cursor: pointer; border: 0; border-radius: var(--doorbuster-radius, 8px);
  background: var(--doorbuster-accent, #1d3fbf); color: var(--doorbuster-on-accent, #fff);
}
button[aria-disabled="true"] { cursor: default; opacity: 0.75; }
:focus-visible { outline: 3px solid var(--doorbuster-accent, #1d3fbf); outline-offset: 2px; }
`;
