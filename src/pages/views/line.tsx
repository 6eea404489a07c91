// The line on the page of a sale that has one. The page is the same for everybody: browser code fills in where the visitor
// stands. Without JavaScript, a page of its own shows that.

import { type LineSettings, registrationOf } from "../../admission/settings.ts";
import type { Sale } from "../../catalog/schema.ts";
import { drawUrl, lineUrl } from "../assets.ts";
import { HOW, lineText, PROOF } from "../copy/line.ts";
import { formatTime } from "../format.ts";

/** What everybody is told who has no ticket. */
const introduction = (sale: Sale, now: number): string =>
  lineText(
    {
      line: undefined,
      registration: registrationOf(sale) as { opensAt: number; closesAt: number },
      joined: false,
      place: null,
      unitsLeft: undefined,
      now,
    },
    formatTime,
  );

export const Line = ({
  sale,
  settings,
  now,
}: {
  sale: Sale;
  settings: LineSettings;
  now: number;
}) => {
  const { opensAt, closesAt } = registrationOf(sale) as { opensAt: number; closesAt: number };
  return (
    <section
      class="card line"
      aria-labelledby="line-title"
      data-line={lineUrl()}
      data-draw-check={drawUrl()}
      data-registration-opens={String(opensAt)}
      data-registration-closes={String(closesAt)}
    >
      <h2 id="line-title">The line</h2>
      <p class="line-text" data-line-text>
        {introduction(sale, now)}
      </p>
      <p data-line-wait></p>
      <p class="hint" data-line-count></p>
      <p class="line-notice" data-line-notice></p>
      <p class="sr" role="status" data-line-announce></p>
      <p class="message" role="status" data-line-message></p>
      <button class="action" type="button" hidden data-line-join>
        Join the line
      </button>
      <noscript>
        <a class="action" href={`/sales/${sale.id}/line`}>
          Join the line
        </a>
      </noscript>
      <div data-line-challenge></div>
      <LineOptions sale={sale} />
      <details>
        <summary>How places are given</summary>
        <p>{HOW[settings.mode]}</p>
        <p>{PROOF}</p>
        <p>
          <a href={`/api/sales/${sale.id}/draw`}>What was published</a>
        </p>
        <button class="quiet wide" type="button" hidden data-line-check>
          Check the draw and my place
        </button>
        <ul data-line-checks></ul>
      </details>
    </section>
  );
};

/** What a person in line can choose. */
const LineOptions = ({ sale: { skus } }: { sale: Sale }) => (
  <div class="stack" hidden data-line-options>
    <div class="line-auto">
      <label>
        <input type="checkbox" autocomplete="off" data-line-auto /> Buy for me the moment it's my
        turn
      </label>
      <select aria-label="What to buy" autocomplete="off" hidden={skus.length === 1} data-line-item>
        {skus.map(({ id, name }) => (
          <option value={id}>{name}</option>
        ))}
      </select>
    </div>
    <button class="quiet wide" type="button" hidden data-line-alert>
      Notify me when it's my turn
    </button>
    <button class="quiet wide" type="button" data-line-share>
      Use my place on another device
    </button>
    <div class="stack" hidden data-line-shared>
      <label class="field">
        <span>
          Open this link on your other device and sign in with the same account. It's worth nothing
          to anyone else.
        </span>
        <input type="text" readonly data-line-link />
      </label>
      <button class="quiet wide" type="button" data-line-copy>
        Copy the link
      </button>
    </div>
  </div>
);
