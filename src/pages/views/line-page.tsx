// The page of a visitor in line, for browsers without JavaScript.
import { lineSettings } from "../../admission/settings.ts";
import { type Card, cardsOf } from "../../catalog/items.ts";
import type { Sale, Sku } from "../../catalog/schema.ts";
import {
  countText,
  HOW,
  type LineState,
  lineText,
  operatorNotice,
  outlookOf,
  PROOF,
  standingOf,
  waitText,
} from "../copy/line.ts";
import { numberText, priceText, unitsText } from "../copy/line-figures.ts";
import { formatMoney, formatTime } from "../format.ts";
import { BackToSale, SignIn, type SignInOptions } from "./components.tsx";
import { renderDocument } from "./layout.tsx";
import { LineFacts } from "./line.tsx";
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

export function renderLine(props: LinePageProps): Promise<string> {
  const { sale, state, refresh } = props;
  const text = lineText(state, formatTime);
  return renderDocument({
    title: `${text} ${sale.title}`,
    personal: true,
    sale,
    refresh,
    children: (
      <div class="page narrow">
        <BackToSale sale={sale} />
        <h1>The line</h1>
        <div class="card line" data-standing={standingOf(state)} data-outlook={outlookOf(state)}>
          <p class="line-text">{text}</p>
          <p class="line-wait">{waitText(state, formatTime)}</p>
          <p class="line-notice">{operatorNotice(state.line)}</p>
          <Facts {...props} />
          <p class="hint">{countText(state)}</p>
          <NextStep {...props} />
          <HowItWorks sale={sale} />
        </div>
      </div>
    ),
  });
}

const priceOf = (amount: number, currency: string): string =>
  amount === 0 ? "Free" : formatMoney({ amount, currency });

const Facts = ({ sale, state }: LinePageProps) => {
  const standing = standingOf(state);
  return (
    <LineFacts
      isShown={standing === "undrawn" || standing === "waiting"}
      number={numberText(state.line, state.place)}
      units={unitsText(state.units)}
      price={priceText(
        sale.skus.map(({ unitPrice }) => unitPrice),
        priceOf,
      )}
    />
  );
};

/** The visitor's next step. */
const NextStep = ({ sale, state, signedIn, signInOptions, origin }: LinePageProps) => {
  const path = `/sales/${sale.id}/line`;
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
        Join the line
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
        <h2 id={`name-product-${product.id}`} lang={sale.language} dir="auto">
          {product.name}
        </h2>
        <Picker card={card} offers={skus.map((sku) => ({ sale, sku, ...shown }))} />
      </div>
    );
  }
  const { id, name } = skus[0] as Sku;
  return (
    <a class="action" href={`/sales/${sale.id}/skus/${id}/buy`}>
      Buy <bdi lang={sale.language}>{name}</bdi>
    </a>
  );
};

const HowItWorks = ({ sale }: { sale: Sale }) => {
  const settings = lineSettings(sale);
  return settings ? (
    <>
      <h2>How places are drawn</h2>
      <p>{HOW[settings.mode]}</p>
      <p>{PROOF}</p>
      <p>
        <a href={`/api/sales/${sale.id}/draw`}>Everything that was published</a>
      </p>
    </>
  ) : null;
};
