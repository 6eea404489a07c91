// The line on the page of a sale that has one. The page is the same for everybody: browser code fills in where the visitor
// stands. Without JavaScript, a page of its own shows that.

import { type LineSettings, registrationOf } from "../../admission/settings.ts";
import type { Sale } from "../../catalog/schema.ts";
import { drawUrl, lineUrl, qrUrl } from "../assets.ts";
import { HOW, lineText, PROOF } from "../copy/line.ts";
import { itemName } from "../copy/product.ts";
import { formatTime } from "../format.ts";

/** The sentence for people without a ticket. */
const introduction = (sale: Sale, now: number): string =>
  lineText(
    {
      line: undefined,
      registration: registrationOf(sale) as { opensAt: number; closesAt: number },
      joined: false,
      place: null,
      units: undefined,
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
      data-qr={qrUrl()}
      data-registration-opens={String(opensAt)}
      data-registration-closes={String(closesAt)}
    >
      <h2 id="line-title">The line</h2>
      <p class="line-text" data-line-text>
        {introduction(sale, now)}
      </p>
      <p class="line-wait" data-line-wait></p>
      <p class="line-notice" data-line-notice></p>
      <LineFacts />
      <p class="hint" data-line-count></p>
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
      <div class="stack" hidden data-line-proof>
        <button class="quiet wide" type="button" data-line-check>
          Check that the draw was fair
        </button>
        <p class="line-verdict" role="status" data-line-verdict></p>
        <ul class="line-checks" data-line-checks></ul>
      </div>
      <details class="line-how" data-line-how>
        <summary>How places are drawn</summary>
        <p>{HOW[settings.mode]}</p>
        <p>{PROOF}</p>
        <dl class="facts" hidden data-line-published>
          <div>
            <dt>Sealed seed (SHA-256)</dt>
            <dd class="code" data-line-commitment></dd>
          </div>
          <div>
            <dt>Public random number</dt>
            <dd>
              drand round <span data-line-round></span>
            </dd>
          </div>
        </dl>
        <p>
          <a href={`/api/sales/${sale.id}/draw`}>Everything that was published</a>
        </p>
      </details>
    </section>
  );
};

/** The choices of a person in line. */
const LineOptions = ({ sale: { skus } }: { sale: Sale }) => (
  <div class="stack" hidden data-line-options>
    <div class="line-auto">
      <label>
        <input type="checkbox" autocomplete="off" data-line-auto /> Buy for me the moment it's my
        turn
      </label>
      <select
        class="line-item"
        aria-label="What to buy"
        autocomplete="off"
        hidden={skus.length === 1}
        data-line-item
      >
        {skus.map((sku) => (
          <option value={sku.id}>{itemName(sku)}</option>
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
          Scan the code or open the link on your other device, and sign in with the same account.
          It's worth nothing to anyone else.
        </span>
        <input type="text" readonly data-line-link />
      </label>
      <div class="line-code" data-line-code></div>
      <button class="quiet wide" type="button" data-line-copy>
        Copy the link
      </button>
    </div>
  </div>
);

interface Facts {
  isShown?: boolean;
  number?: string;
  units?: string;
  price?: string;
}

/** The place, the stock and the price, for a person in line. Browser code fills them in. */
export const LineFacts = ({ isShown = false, number = "", units = "", price = "" }: Facts) => (
  <dl class="line-facts" hidden={!isShown} data-line-facts>
    <div hidden={!number}>
      <dt class="muted">Your place</dt>
      <dd data-line-number>{number}</dd>
    </div>
    <div hidden={!units}>
      <dt class="muted">Units left</dt>
      <dd data-line-units>{units}</dd>
    </div>
    <div hidden={!price}>
      <dt class="muted">Price</dt>
      <dd data-line-price>{price}</dd>
    </div>
  </dl>
);
