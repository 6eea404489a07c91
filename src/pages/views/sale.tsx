// The sale page. The server renders what is the same for everybody; browser code adds the countdown, live stock and
// the buyer's order. Without JavaScript, Buy leads to the order form.
import { lineSettings } from "../../admission/settings.ts";
import { type Card, cardsOf } from "../../catalog/items.ts";
import { isListed, mostUnits, type Sale, type Sku, saleState } from "../../catalog/schema.ts";
import type { PaymentMode } from "../../payments/payment-mode.ts";
import { productUrl } from "../assets.ts";
import { badgeOf, mainStop, type NotForSale, saleLimitText } from "../copy/sale.ts";
import { Markdown, plainText } from "../markdown.tsx";
import { brandingOf, type Page } from "../page.ts";
import type { WordGroup } from "../words/words.ts";
import { ChallengeTemplate } from "./challenge.tsx";
import { SaleWindow, type SignInOptions } from "./components.tsx";
import { CancelDialog, SignInDialog } from "./dialogs.tsx";
import { Gallery, mainPicture, picturesOf } from "./gallery.tsx";
import { renderDocument } from "./layout.tsx";
import { Line } from "./line.tsx";
import { OrderPanel } from "./order-panel.tsx";
import { usePage } from "./page-context.tsx";
import { Picture } from "./picture.tsx";
import { ProductCard } from "./product-card.tsx";
import { Ready } from "./ready.tsx";
import { Notices, SaleHead } from "./sale-head.tsx";
import { SkuCard, type SkuProps } from "./sku-card.tsx";

const MAX_META_DESCRIPTION = 160;
/** From this many cards on, they are laid out side by side. */
const MANY_CARDS = 6;

/** The settings of the deployment and its switches that a sale page depends on. */
export interface PageSettings {
  signIn: SignInOptions;
  paymentMode: PaymentMode;
  /** Whether the sale can require a challenge. */
  challenges: boolean;
}

/** What the scripts of every sale page say. */
const SPOKEN: readonly WordGroup[] = [
  ...(["badge", "when", "buy", "stop", "refusal", "order", "panel", "sale"] as const),
];

export function renderSale(
  page: Page,
  { sale, revision }: { sale: Sale; revision: number },
  { unavailable, stops: stopsById }: NotForSale,
  now: number,
  settings: PageSettings,
): Promise<string> {
  const state = saleState(sale, now);
  const stocks = sale.skus.map(({ id }) => unavailable.get(id));
  const stops = sale.skus.map(({ id }) => stopsById.get(id));
  const stop = mainStop(stops);
  const line = lineSettings(sale);
  // No card offers more than the limit of the sale allows.
  const skus = sale.skus.map((sku) => ({ ...sku, perUserLimit: mostUnits(sale, sku) }));
  const cards = cardsOf({ ...sale, skus });
  const pictured = picturedCard(sale, cards);
  const offerOf = (sku: Sku): SkuProps => ({
    ...{ sale, sku, state, isExplained: stop !== undefined },
    ...{ stock: unavailable.get(sku.id), stop: stopsById.get(sku.id) },
  });
  const { page: words } = page.wording.words;
  return renderDocument(page, {
    title: sale.title,
    browserWords: [
      ...SPOKEN,
      ...(sale.skus.some(needsScript) ? (["product"] as const) : []),
      ...(line ? (["line", "draw"] as const) : []),
      ...(settings.challenges ? (["challenge"] as const) : []),
      ...(state === "closed" ? [] : (["ready"] as const)),
    ],
    picture: mainPicture(sale),
    description: plainText(sale.description).slice(0, MAX_META_DESCRIPTION) || undefined,
    sale,
    unlisted: !isListed(sale),
    script: sale.skus.some(needsScript) ? productUrl() : undefined,
    notices: <Notices stop={stop} />,
    children: (
      <>
        <article
          class={cards.length >= MANY_CARDS ? "sale many" : "sale"}
          data-sale={sale.id}
          data-revision={String(revision)}
          data-opens-at={sale.opensAt}
          data-closes-at={sale.closesAt}
          data-state={state}
          data-visits={settings.challenges ? "" : undefined}
          data-stopped={
            stopsById.size > 0 ? JSON.stringify(Object.fromEntries(stopsById)) : undefined
          }
        >
          {pictured ? (
            <Gallery
              pictures={picturesOf(pictured)}
              name={pictured.product.name}
              language={sale.language}
              isFirst
            />
          ) : (
            <figure class="hero">
              <Picture sale={sale} />
            </figure>
          )}
          <div class="side">
            <SaleHead sale={sale} state={state} shown={badgeOf(state, stocks, stop)}>
              {line && state !== "closed" ? <Line sale={sale} settings={line} now={now} /> : null}
            </SaleHead>
            {sale.perUserLimit ? (
              <p class="terms">{saleLimitText(sale.perUserLimit, page.wording)}</p>
            ) : null}
            <div class="items">
              <ul class="skus" aria-label={words.itemsList}>
                {cards.map((card) => {
                  const offers = card.skus.map((sku) => offerOf(sku));
                  return card.product ? (
                    <ProductCard card={card} offers={offers} isPictured={card === pictured} />
                  ) : (
                    <SkuCard {...(offers[0] as SkuProps)} />
                  );
                })}
              </ul>
              {/* Below the items: it comes and goes, and must not move the Buy button. */}
              {state === "closed" || page.preview ? null : (
                <Ready sale={sale} state={state} paymentMode={settings.paymentMode} />
              )}
            </div>
          </div>
          <section class="about" aria-label={words.about}>
            <div lang={sale.language}>
              <Markdown text={sale.description} />
            </div>
            <SaleWindow sale={sale} />
          </section>
        </article>
        {page.preview ? null : <SaleParts {...{ sale, settings }} />}
      </>
    ),
  });
}

/** What scripts show when it is needed. */
const SaleParts = ({ sale, settings }: { sale: Sale; settings: PageSettings }) => {
  const page = usePage();
  const { page: words } = page.wording.words;
  return (
    <>
      <SignInDialog
        title={lineSettings(sale) ? words.signIn : words.signInToBuy}
        next={`/sales/${sale.id}`}
        options={settings.signIn}
      />
      <CancelDialog />
      <template id="order-panel">
        <OrderPanel
          paymentMode={settings.paymentMode}
          language={sale.language}
          theme={brandingOf(page, sale)}
        />
      </template>
      {settings.challenges ? <ChallengeTemplate /> : null}
    </>
  );
};

/** The product whose pictures take the place of the sale's, because nothing else is on the page. */
function picturedCard({ imageUrl }: Sale, [card, ...others]: Card[]) {
  const isAlone = imageUrl === undefined && others.length === 0;
  return isAlone && card?.product && picturesOf(card).length > 0 ? card : undefined;
}

/** Whether an item has a picker, a total, or an earlier price (`browser/product.ts`). */
const needsScript = ({ product, perUserLimit, compareAtPrice }: Sku): boolean =>
  product !== undefined || perUserLimit > 1 || compareAtPrice !== undefined;
