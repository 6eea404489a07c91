// The bar on top of a preview: that nothing can be bought, how long the link is good, and the states to choose from.

import type { Wording } from "../copy/wording.ts";
import { FEW_UNITS, type PreviewInfo, type PreviewState } from "../preview-state.ts";
import { Time } from "./components.tsx";
import { Say, usePage } from "./page-context.tsx";

function nameOf(state: PreviewState, { words: { badge, buy, page }, fill }: Wording): string {
  if (state === "few") return fill(buy.few, { n: FEW_UNITS });
  const names = { soon: badge.upcoming, line: page.line, ended: badge.closed };
  return { ...badge, ...names }[state];
}

export const PreviewBar = ({ until, states }: PreviewInfo) => {
  const { wording } = usePage();
  const { preview: words } = wording.words;
  return (
    <aside class="preview" aria-label={words.title}>
      <p>
        <strong>{words.title}</strong> {words.about}
        {until === undefined ? null : (
          <>
            {" "}
            <Say text={words.until} gaps={{ time: <Time at={until} /> }} />
          </>
        )}
      </p>
      {states === undefined ? null : (
        <nav class="languages" aria-label={words.states}>
          {states.map(({ state, href, isShown }) => (
            <a href={href} rel="nofollow" aria-current={isShown ? "true" : undefined}>
              {nameOf(state, wording)}
            </a>
          ))}
        </nav>
      )}
    </aside>
  );
};
