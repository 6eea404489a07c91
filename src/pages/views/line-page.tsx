// The page of a visitor in line, for browsers without JavaScript.
import { lineSettings } from "../../admission/settings.ts";
import { type Card, cardsOf } from "../../catalog/items.ts";
import type { Sale, Sku } from "../../catalog/schema.ts";
import {
  countText,
  type LineState,
  lineText,
  operatorNotice,
  outlookOf,
  standingOf,
  waitText,
} from "../copy/line.ts";
import { numberText, priceText, unitsText } from "../copy/line-figures.ts";
import type { Page } from "../page.ts";
import { BackToSale, SignIn, type SignInOptions } from "./components.tsx";
import { renderDocument } from "./layout.tsx";
import { HowItWorks, LineFacts } from "./line.tsx";
import { Say, shopText, usePage, useWords } from "./page-context.tsx";
import { Picker } from "./product-card.tsx";

export interface LinePageProps {
  sale: Sale;
  state: LineState;
  signedIn: boolean;
  signInOptions: SignInOptions;
  /** This site's origin, for the return URL of the shop's sign-in page. */
  origin: string;
  /** Seconds until the page reloads itself. */
  refresh: number | undefined;
}

export function renderLine(page: Page, props: LinePageProps): Promise<string> {
  const { sale, state, refresh } = props;
  const settings = lineSettings(sale);
  const text = lineText(state, page.wording);
  return renderDocument(page, {
    title: page.wording.join(text, sale.title),
    personal: true,
    sale,
    refresh,
    children: (
      <div class="page narrow">
        <BackToSale sale={sale} />
        <h1>{page.wording.words.page.line}</h1>
        <div class="card line" data-standing={standingOf(state)} data-outlook={outlookOf(state)}>
          <p class="line-text">{text}</p>
          <p class="line-wait">{waitText(state, page.wording)}</p>
          <p class="line-notice" dir="auto">
            {operatorNotice(state.line)}
          </p>
          <Facts {...props} />
          <p class="hint">{countText(state, page.wording)}</p>
          <NextStep {...props} />
          {settings ? (
            <>
              <h2>{page.wording.words.page.howDrawn}</h2>
              <HowItWorks sale={sale} settings={settings} />
            </>
          ) : null}
        </div>
      </div>
    ),
  });
}

const Facts = ({ sale, state }: LinePageProps) => {
  const standing = standingOf(state);
  const { wording } = usePage();
  return (
    <LineFacts
      isShown={standing === "undrawn" || standing === "waiting"}
      number={numberText(state.line, state.place, wording)}
      units={unitsText(state.units, wording)}
      price={priceText(
        sale.skus.map(({ unitPrice }) => unitPrice),
        wording,
      )}
    />
  );
};

/** The visitor's next step. */
const NextStep = ({ sale, state, signedIn, signInOptions, origin }: LinePageProps) => {
  const path = `/sales/${sale.id}/line`;
  const { words } = usePage().wording;
  const standing = standingOf(state);
  if (standing === "admitted") {
    return (
      <ul class="stack">
        {cardsOf(sale).map((card) => (
          <li>
            <BuyLink sale={sale} card={card} />
          </li>
        ))}
      </ul>
    );
  }
  if (standing !== "apart") return null;
  if (!signedIn) return <SignIn next={path} origin={origin} options={signInOptions} />;
  return (
    <form method="post" action={path}>
      <button class="action" type="submit">
        {words.page.join}
      </button>
    </form>
  );
};

/** Leads to the order form of an item, or of the option that is chosen of a product. */
const BuyLink = ({ sale, card }: { sale: Sale; card: Card }) => {
  const { product, skus } = card;
  if (product && skus.length > 1) {
    const shown = { state: "open", stock: undefined, stop: undefined, isExplained: true } as const;
    return (
      <div class="stack">
        <h2 id={`name-product-${product.id}`} {...shopText(sale.language)}>
          {product.name}
        </h2>
        <Picker card={card} offers={skus.map((sku) => ({ sale, sku, ...shown }))} />
      </div>
    );
  }
  const { id, name } = skus[0] as Sku;
  const item = <bdi {...shopText(sale.language)}>{name}</bdi>;
  return (
    <a class="action" href={`/sales/${sale.id}/skus/${id}/buy`}>
      <Say text={useWords().page.buyItem} gaps={{ item }} />
    </a>
  );
};
