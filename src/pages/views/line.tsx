// The line on the page of a sale that has one. The page is the same for everybody: browser code fills in where the visitor
// stands. Without JavaScript, a page of its own shows that.
import type { PropsWithChildren } from "hono/jsx";
import { type LineSettings, registrationOf } from "../../admission/settings.ts";
import type { Sale } from "../../catalog/schema.ts";
import { drawUrl, lineUrl, qrUrl } from "../assets.ts";
import { lineText } from "../copy/line.ts";
import { itemName } from "../copy/product.ts";
import type { Wording } from "../copy/wording.ts";
import { toPersonal } from "../page.ts";
import { Say, shopText, usePage, useWords } from "./page-context.tsx";

/** The sentence for people without a ticket. */
const introduction = (sale: Sale, now: number, wording: Wording): string =>
  lineText(
    {
      line: undefined,
      registration: registrationOf(sale) as { opensAt: number; closesAt: number },
      joined: false,
      place: null,
      units: undefined,
      now,
    },
    wording,
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
  const page = usePage();
  const { page: words } = page.wording.words;
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
      <h2 id="line-title">{words.line}</h2>
      <p class="line-text" data-line-text>
        {introduction(sale, now, page.wording)}
      </p>
      <p class="line-wait" data-line-wait></p>
      <p class="line-notice" dir="auto" data-line-notice></p>
      <LineFacts />
      <p class="hint" data-line-count></p>
      <p class="sr" role="status" data-line-announce></p>
      <p class="message" role="status" data-line-message></p>
      <button class="action" type="button" hidden data-line-join>
        {words.join}
      </button>
      <noscript>
        <a class="action" href={toPersonal(page, `/sales/${sale.id}/line`)}>
          {words.join}
        </a>
      </noscript>
      <div data-line-challenge></div>
      <LineOptions sale={sale} />
      <div class="stack" hidden data-line-proof>
        <button class="quiet wide" type="button" data-line-check>
          {words.checkDraw}
        </button>
        <p class="line-verdict" role="status" data-line-verdict></p>
        <ul class="line-checks" data-line-checks></ul>
      </div>
      <details class="line-how" data-line-how>
        <summary>{words.howDrawn}</summary>
        <HowItWorks sale={sale} settings={settings}>
          <dl class="facts" hidden data-line-published>
            <div>
              <dt>{words.sealedSeed}</dt>
              <dd class="code" data-line-commitment></dd>
            </div>
            <div>
              <dt>{words.randomNumber}</dt>
              <dd>
                <Say text={words.round} gaps={{ round: <span data-line-round></span> }} />
              </dd>
            </div>
          </dl>
        </HowItWorks>
      </details>
    </section>
  );
};

/** How places are given, and why nobody can choose them. */
export const HowItWorks = ({
  sale,
  settings,
  children,
}: PropsWithChildren<{ sale: Sale; settings: LineSettings }>) => {
  const { page: words } = useWords();
  return (
    <>
      <p>{settings.mode === "draw" ? words.howDraw : words.howQueue}</p>
      <p>{words.proof}</p>
      {children}
      <p>
        <a href={`/api/sales/${sale.id}/draw`}>{words.published}</a>
      </p>
    </>
  );
};

/** The choices of a person in line. */
const LineOptions = ({ sale: { skus, language } }: { sale: Sale }) => (
  <div class="stack" hidden data-line-options>
    <div class="line-auto">
      <label>
        <input type="checkbox" autocomplete="off" data-line-auto /> {useWords().page.autoBuy}
      </label>
      <select
        class="line-item"
        aria-label={useWords().page.whatToBuy}
        autocomplete="off"
        hidden={skus.length === 1}
        data-line-item
      >
        {skus.map((sku) => (
          <option value={sku.id} {...shopText(language)}>
            {itemName(sku)}
          </option>
        ))}
      </select>
    </div>
    <button class="quiet wide" type="button" hidden data-line-alert>
      {useWords().page.notify}
    </button>
    <button class="quiet wide" type="button" data-line-share>
      {useWords().page.otherDevice}
    </button>
    <div class="stack" hidden data-line-shared>
      <label class="field">
        <span>{useWords().page.scan}</span>
        <input type="text" readonly data-line-link />
      </label>
      <div class="line-code" data-line-code></div>
      <button class="quiet wide" type="button" data-line-copy>
        {useWords().page.copyLink}
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
      <dt class="muted">{useWords().page.yourPlace}</dt>
      <dd data-line-number>{number}</dd>
    </div>
    <div hidden={!units}>
      <dt class="muted">{useWords().page.unitsLeft}</dt>
      <dd data-line-units>{units}</dd>
    </div>
    <div hidden={!price}>
      <dt class="muted">{useWords().page.price}</dt>
      <dd data-line-price>{price}</dd>
    </div>
  </dl>
);
