// The sale page. The server writes what everybody sees alike; browser code adds the clock, live stock and
// the buyer's own order. Without it, Buy leads to a page with a form.
import { type Sale, type SaleState, type Sku, saleState } from "../../catalog/schema.ts";
import { protectionOf } from "../../funnel/protection.ts";
import { Markdown, plainText } from "../markdown.tsx";
import { Art } from "./art.tsx";
import { renderDocument } from "./layout.tsx";
import { OrderPanel, type PayWay } from "./order-panel.tsx";
import { Price, SignIn, type SignInWays, StateBadge, Window } from "./parts.tsx";

const MAX_META_DESCRIPTION = 160;

/** What a page shows beside the sale: the same for everybody on this deployment. */
export interface PageSettings {
  signIn: SignInWays;
  payWay: PayWay;
}

/** Whether a buyer of this sale may be asked for a challenge: only then do pages prepare for it. */
export const canChallenge = (sale: Sale): boolean => protectionOf(sale).challenge.mode !== "off";

export function renderSale(sale: Sale, now: number, settings: PageSettings): Promise<string> {
  const state = saleState(sale, now);
  return renderDocument({
    title: sale.title,
    description: plainText(sale.description).slice(0, MAX_META_DESCRIPTION) || undefined,
    accent: sale.theme?.accent,
    logoUrl: sale.theme?.logoUrl,
    logoAlt: sale.theme?.logoAlt,
    children: (
      <>
        <article
          class="sale"
          data-sale={sale.id}
          data-opens-at={sale.opensAt}
          data-closes-at={sale.closesAt}
          data-state={state}
          data-visits={canChallenge(sale) ? "" : undefined}
        >
          <SaleHead sale={sale} state={state} />
          <section class="skus" aria-label="Items">
            {sale.skus.map((sku) => (
              <SkuCard sale={sale} sku={sku} state={state} />
            ))}
          </section>
          <section class="about" aria-label="About this sale">
            <Markdown text={sale.description} />
            <Window sale={sale} />
          </section>
        </article>
        <SignInDialog sale={sale} ways={settings.signIn} />
        <template id="order-panel">
          <OrderPanel payWay={settings.payWay} />
        </template>
        {canChallenge(sale) ? <ChallengeTemplate /> : null}
      </>
    ),
  });
}

const SaleHead = ({ sale, state }: { sale: Sale; state: SaleState }) => (
  <>
    <figure class="hero">
      {sale.imageUrl ? (
        <img src={sale.imageUrl} alt={sale.theme?.imageAlt ?? ""} width="800" height="600" />
      ) : (
        <Art />
      )}
    </figure>
    <div class="lead">
      <StateBadge state={state} />
      <h1>{sale.title}</h1>
      <div class="countdown" data-countdown hidden>
        <p class="countdown-label" data-countdown-label></p>
        <p class="digits" role="timer" data-digits></p>
      </div>
      <p class="sr" role="status" data-announce></p>
      <p class="degraded" data-degraded hidden>
        Live stock is taking a break. Buying still works.
      </p>
    </div>
  </>
);

const BUY_WORDS: Record<SaleState, string> = {
  upcoming: "Not open yet",
  open: "Buy now",
  closed: "Sale ended",
};

const SkuCard = ({ sale, sku, state }: { sale: Sale; sku: Sku; state: SaleState }) => (
  <section
    class="card sku"
    aria-labelledby={`sku-${sku.id}`}
    data-sku={sku.id}
    data-limit={sku.perUserLimit}
  >
    <div class="sku-head">
      <h2 id={`sku-${sku.id}`}>{sku.name}</h2>
      <Price money={sku.unitPrice} class="price" />
    </div>
    <p class="stock" data-left>
      {sku.perUserLimit === 1 ? "One per person" : `Up to ${sku.perUserLimit} per person`}
    </p>
    <form class="buy" action={`/sales/${sale.id}/skus/${sku.id}/buy`} method="get" data-buy>
      {sku.perUserLimit > 1 ? <Quantity limit={sku.perUserLimit} /> : null}
      <button class="action" type="submit" disabled={state !== "open"}>
        {BUY_WORDS[state]}
      </button>
    </form>
    <p class="message" role="status" data-message></p>
    <div class="slot" data-challenge-slot></div>
    <div class="slot" data-order-slot></div>
  </section>
);

/** Nobody needs a list of a hundred; more can be had in another order. */
const MAX_CHOICES = 10;

const Quantity = ({ limit }: { limit: number }) => (
  <label class="field quantity">
    <span>Quantity</span>
    <select name="quantity">
      {Array.from({ length: Math.min(limit, MAX_CHOICES) }, (_, i) => (
        <option value={String(i + 1)}>{i + 1}</option>
      ))}
    </select>
  </label>
);

const SignInDialog = ({ sale, ways }: { sale: Sale; ways: SignInWays }) => (
  <dialog id="sign-in" aria-labelledby="sign-in-title">
    <h2 id="sign-in-title">Sign in to buy</h2>
    <SignIn next={`/sales/${sale.id}`} ways={ways} />
    <form method="dialog">
      <button class="quiet wide" type="submit">
        Cancel
      </button>
    </form>
  </dialog>
);

/** What browser code fills when the sale asks a buyer for a challenge. */
const ChallengeTemplate = () => (
  <template id="challenge">
    <section class="challenge" aria-label="Check before your order">
      <h3 tabindex={-1} data-challenge-title>
        One check, then your order
      </h3>
      <p>
        This sale checks that buyers are people. Nothing is reserved yet; your order goes on by
        itself after the check.
      </p>
      <p class="message" data-tone="bad" role="alert" data-challenge-fault></p>
      <div class="widget" data-challenge-widget></div>
      <button class="quiet wide" type="button" data-challenge-again hidden>
        Try the check again
      </button>
      <button class="quiet wide" type="button" data-challenge-cancel>
        Cancel
      </button>
    </section>
  </template>
);
