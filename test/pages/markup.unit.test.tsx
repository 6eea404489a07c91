// What a shop writes never becomes more than it may be: descriptions stay inert, colours stay readable.
import fc from "fast-check";
import { expect, test } from "vitest";
import { Markdown, plainText } from "../../src/pages/markdown.tsx";
import { contrast, themeCss, themeOf } from "../../src/pages/theme.ts";

const html = (text: string): string => String(<Markdown text={text} />);

const table = (rows: string) =>
  `<section class="wide-table" aria-label="Table" tabindex="0"><table>${rows}</table></section>`;

test.each([
  ["a **b** c", "<p>a <strong>b</strong> c</p>"],
  ["*a* and _b_", "<p><em>a</em> and <em>b</em></p>"],
  ["- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
  ["1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"],
  ["one\ntwo\n\nthree", "<p>one<br/>two</p><p>three</p>"],
  ["## Care", "<h2>Care</h2>"],
  [
    "Wash:\n- cold\n- rarely\nThank you",
    "<p>Wash:</p><ul><li>cold</li><li>rarely</li></ul><p>Thank you</p>",
  ],
  ["Hello\n## Care\nWash cold", "<p>Hello</p><h2>Care</h2><p>Wash cold</p>"],
  ["- a\n  goes on\n\n- b", "<ul><li>a goes on</li><li>b</li></ul>"],
  ["# One\n# Two", "<h2>One</h2><h2>Two</h2>"],
  ["snake_case_name and _so_", "<p>snake_case_name and <em>so</em></p>"],
  ["*a_ and _b*", "<p><em>a_ and _b</em></p>"],
  ["`a*b*`", "<p><code>a*b*</code></p>"],
  [
    "[x](https://a.test/?b=1)",
    '<p><a href="https://a.test/?b=1" rel="noopener nofollow">x</a></p>',
  ],
  ["[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"],
  ["[x](//evil.test)", "<p>[x](//evil.test)</p>"],
  ["[x](/\\evil.test)", "<p>[x](/\\evil.test)</p>"],
  ["[x](/\\/evil.test)", "<p>[x](/\\/evil.test)</p>"],
  ["[x](\\\\evil.test)", "<p>[x](\\\\evil.test)</p>"],
  ["[x](https:evil.test)", "<p>[x](https:evil.test)</p>"],
  ["[x](https:\\\\evil.test)", "<p>[x](https:\\\\evil.test)</p>"],
  ["[x](JAVASCRIPT:a)", "<p>[x](JAVASCRIPT:a)</p>"],
  ["[x](data:text/html,a)", "<p>[x](data:text/html,a)</p>"],
  ["[x](/%5Cours)", '<p><a href="/%5Cours" rel="noopener nofollow">x</a></p>'],
  ["[x](/café)", '<p><a href="/café" rel="noopener nofollow">x</a></p>'],
  [
    "![A shoe](https://a.test/x.png)",
    '<p><img src="https://a.test/x.png" alt="A shoe" loading="lazy"/></p>',
  ],
  ["![x](http://a.test/x.png)", "<p>![x](http://a.test/x.png)</p>"],
  ["![x](javascript:alert(1))", "<p>![x](javascript:alert(1))</p>"],
  [
    "Sizes:\n| EU | US |\n| --- | ---: |\n| **42** | 8\\|9 | 7 |\n| 43 |\n\nThat is all",
    `<p>Sizes:</p>${table('<tr><th>EU</th><th class="end">US</th></tr><tr><td><strong>42</strong></td><td class="end">8|9</td></tr><tr><td>43</td><td class="end"></td></tr>')}<p>That is all</p>`,
  ],
  [
    "a | b\n:-:|---\nc | d\nno row",
    `${table('<tr><th class="middle">a</th><th>b</th></tr><tr><td class="middle">c</td><td>d</td></tr>')}<p>no row</p>`,
  ],
  ["a | b\n---\nc", "<p>a | b<br/>---<br/>c</p>"],
  ["<b>&", "<p>&lt;b&gt;&amp;</p>"],
])("%j", (text, expected) => {
  expect(html(text)).toBe(`<div class="prose">${expected}</div>`);
});

const ALLOWED =
  /^<\/?(?:div|p|br|ul|ol|li|h2|strong|em|code|a|section|table|tr|th|td|img)(?: class="(?:prose|middle|end|wide-table)")?(?: aria-label="Table" tabindex="0")?(?: src="https:\/\/[^"<>]*" alt="[^"<>]*" loading="lazy")?(?: href="(?:https:\/\/|\/(?!\/)|mailto:)[^"<>]*" rel="noopener nofollow")?\s?\/?>$/i;
const fragment = fc.constantFrom(
  "**",
  "*",
  "_",
  "`",
  "[",
  "](",
  ")",
  "<script>",
  "<img src=x onerror=alert(1)>",
  '"',
  "javascript:",
  "https://a.test",
  "![",
  "|",
  "\n| --- | --- |\n",
  "\n",
  "\n\n",
  "- ",
  "1. ",
  "# ",
  "&lt;",
  "a",
  " ",
);

test("no text makes an element that is not on the list", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fragment, fc.string()), { maxLength: 60 }), (parts) => {
      for (const [tag] of html(parts.join("")).matchAll(/<[^>]*>/g)) expect(tag).toMatch(ALLOWED);
    }),
  );
});

test("no link of a text leads to another site in the dress of a path of ours", () => {
  const piece = fc.constantFrom(
    "/",
    "\\",
    ".",
    "%09",
    "%5c",
    "evil.test",
    "@",
    "?",
    "#",
    "\u0001",
    ":",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const [, href] = /href="([^"]*)"/.exec(html(`[x](/${pieces.join("")})`)) ?? [];
      if (href) expect(new URL(href, "https://shop.test").origin).toBe("https://shop.test");
    }),
  );
});

test("what a messenger shows of a text has no marks of tables and images", () => {
  const text = "See ![a shoe](https://a.test/x.png)\n\n| EU | US |\n| -- | -- |\n| 42 | 8 |";
  expect(plainText(text)).toBe("See a shoe EU US 42 8");
});

test.each(["*", "**", "[", "[a](", "`", "_a", "- ", "\n\n", "![a](", "|", "|-", "a|\n-|\n", "-:"])(
  "ten thousand characters of %j are read in no time",
  (mark) => {
    const start = performance.now();
    html(mark.repeat(10_000 / mark.length));
    plainText(mark.repeat(10_000 / mark.length));
    expect(performance.now() - start).toBeLessThan(500);
  },
);

const colour = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => `#${value.toString(16).padStart(6, "0")}`);
const rgb = (hex: string) =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];

/** Whether a button in this colour would be lost on the paper without a line around it. */
const themeEdge = (accent: string, paper: [number, number, number]) =>
  contrast(rgb(accent), paper) < 1.6;

test("whatever colour a shop chooses, every text in it can be read", () => {
  fc.assert(
    fc.property(colour, (accent) => {
      const theme = themeOf(accent);
      expect(contrast(rgb(theme.onAccent), rgb(accent))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(rgb(theme.inkLight), [244, 244, 241])).toBeGreaterThanOrEqual(4.5);
      expect(contrast(rgb(theme.inkDark), [27, 29, 36])).toBeGreaterThanOrEqual(4.5);
      const papers = [themeEdge(accent, [240, 240, 236]), themeEdge(accent, [32, 34, 41])];
      expect([theme.edgeLight, theme.edgeDark].map((edge) => edge !== "transparent")).toEqual(
        papers,
      );
      expect(themeCss(theme)).toMatch(/^[\w\-#:;{}(),@ ]+$/);
    }),
  );
});
