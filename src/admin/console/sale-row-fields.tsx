// The fields of one product and of one item in a sale's editor, and the buttons that add and remove them.
import { LongText, type Shown, Text } from "./sale-fields.tsx";
import type { ROW_FIELDS } from "./sale-rows.ts";

/** A button that changes the rows of the form and saves nothing. */
export const RowButton = ({ of, step, label }: { of: Shown; step: string; label: string }) =>
  of.operator.role === "operator" ? (
    <p>
      <button type="submit" name="step" value={step} class="quiet">
        {label}
      </button>
    </p>
  ) : null;

export const Product = ({ at, ...of }: Shown & { at: number }) => {
  const field = <Name extends keyof (typeof ROW_FIELDS)["products"]>(name: Name) =>
    ({ of, name: `products.${at}.${name}` }) as const;
  return (
    <fieldset class="item">
      <legend>Product {at + 1}</legend>
      <Text {...field("id")} label="Product id" hint="Such as runner. Its items name it." />
      <Text {...field("name")} label="Product name" />
      <LongText {...field("description")} label="About the product" hint="Markdown." rows={3} />
      <Text {...field("imageUrl")} label="Product picture" hint="Its https address." />
      <Text {...field("imageAlt")} label="Product picture in words" />
      <LongText
        {...field("moreImages")}
        label="More pictures"
        hint="One a line: its https address, then its words."
        rows={3}
      />
      <RowButton {...{ of, step: `remove.products.${at}`, label: `Remove product ${at + 1}` }} />
    </fieldset>
  );
};

export const Item = ({ at, ...of }: Shown & { at: number }) => {
  const field = <Name extends keyof (typeof ROW_FIELDS)["skus"]>(name: Name) =>
    ({ of, name: `skus.${at}.${name}` }) as const;
  return (
    <fieldset class="item">
      <legend>Item {at + 1}</legend>
      <Text {...field("id")} label="Item id" hint="Of its own: an item belongs to one sale." />
      <Text {...field("name")} label="Name" />
      <Text {...field("product")} label="Product" hint="Its id. Empty: a card of its own." />
      <Text {...field("option")} label="Option" hint="Such as 42. Only with a product." />
      <Text
        {...field("unitPrice.amount")}
        label="Price"
        inputmode="decimal"
        hint="Such as 12.00. 0: free."
      />
      <Text {...field("unitPrice.currency")} label="Currency" hint="Such as USD." />
      <Text
        {...field("compareAtPrice.amount")}
        label="Earlier price"
        inputmode="decimal"
        hint="Shown struck through. Empty: none."
      />
      <Text
        {...field("stock")}
        label="Stock"
        inputmode="numeric"
        hint="Units put on sale in total."
      />
      <Text {...field("perUserLimit")} label="Units a person" inputmode="numeric" />
      <Text
        {...field("holdSeconds")}
        label="Seconds to pay"
        inputmode="numeric"
        hint="How long a unit is held."
      />
      <Text
        {...field("lanes")}
        label="Lanes"
        inputmode="numeric"
        hint="1 to 64 that sell at the same time, each some hundred orders a second. Empty: 1."
      />
      <Text {...field("imageUrl")} label="Item picture" hint="Its https address." />
      <Text {...field("imageAlt")} label="Item picture in words" />
      <RowButton {...{ of, step: `remove.skus.${at}`, label: `Remove item ${at + 1}` }} />
    </fieldset>
  );
};
