// Shop-written content is safe to render: descriptions cannot inject markup, and accent colors stay readable.
import fc from "fast-check";
import { expect, test } from "vitest";
import { Markdown, plainText } from "../../src/pages/markdown.tsx";
import { sharedPage } from "../../src/pages/page.ts";
import { contrast, themeCss, themeOf } from "../../src/pages/theme.ts";
import { PageContext } from "../../src/pages/views/page-context.tsx";
import type { Language } from "../../src/values/languages.ts";

const html = (text: string, language: Language = "en"): string =>
  String(
    <PageContext.Provider value={sharedPage({ LANGUAGE: language, THEME: {} }, "/", language)}>
      <Markdown text={text} />
    </PageContext.Provider>,
  );

const table = (rows: string) =>
  `<section class="wide-table" aria-label="Table" tabindex="0"><table>${rows}</table></section>`;

test("names a table in the language of the page", () => {
  expect(html("a | b\n- | -", "de")).toContain('aria-label="Tabelle"');
});

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
])("renders %j", (text, expected) => {
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

test("renders only allowlisted elements and attributes, whatever the text", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fragment, fc.string()), { maxLength: 60 }), (parts) => {
      for (const [tag] of html(parts.join("")).matchAll(/<[^>]*>/g)) expect(tag).toMatch(ALLOWED);
    }),
  );
});

test("never renders a local-looking link that resolves to another site", () => {
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

test("strips table and image syntax from the link-preview text", () => {
  const text = "See ![a shoe](https://a.test/x.png)\n\n| EU | US |\n| -- | -- |\n| 42 | 8 |";
  expect(plainText(text)).toBe("See a shoe EU US 42 8");
});

test.each(["*", "**", "[", "[a](", "`", "_a", "- ", "\n\n", "![a](", "|", "|-", "a|\n-|\n", "-:"])(
  "parses a very long run of %j without catastrophic backtracking",
  (mark) => {
    // Linear parsing takes under a second; quadratic parsing takes minutes and fails as a hang.
    const long = mark.repeat(400_000 / mark.length);
    expect(() => [html(long), plainText(long)]).not.toThrow();
  },
);

const color = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => `#${value.toString(16).padStart(6, "0")}`);
const rgb = (hex: string) =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];

/** Whether a button in this color needs an outline to stand out from the background. */
const needsEdge = (accent: string, background: [number, number, number]) =>
  contrast(rgb(accent), background) < 1.6;

test("keeps every text readable (WCAG AA) for any accent color", () => {
  fc.assert(
    fc.property(color, (accent) => {
      const theme = themeOf(accent);
      expect(contrast(rgb(theme.onAccent), rgb(accent))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(rgb(theme.inkLight), [244, 244, 241])).toBeGreaterThanOrEqual(4.5);
      expect(contrast(rgb(theme.inkDark), [27, 29, 36])).toBeGreaterThanOrEqual(4.5);
      const needed = [needsEdge(accent, [240, 240, 236]), needsEdge(accent, [32, 34, 41])];
      expect([theme.edgeLight, theme.edgeDark].map((edge) => edge !== "transparent")).toEqual(
        needed,
      );
      expect(themeCss(theme)).toMatch(/^[\w\-#:;{}(),@ ]+$/);
    }),
  );
});
