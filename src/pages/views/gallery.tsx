// The pictures of a product or a SKU, side by side. It scrolls by touch, wheel and arrow keys, and needs no script.
import { type Card, cardsOf } from "../../catalog/items.ts";
import type { Sale } from "../../catalog/schema.ts";
import { usePage } from "./page-context.tsx";

interface GalleryPicture {
  url: string;
  alt?: string | undefined;
  /** The SKUs that the picture shows. */
  skuIds: string[];
}

/** The pictures of a card: those of the product, then those of its SKUs. Each address once. */
export function picturesOf({ product, skus }: Card): GalleryPicture[] {
  const pictures = [
    { url: product?.imageUrl, alt: product?.imageAlt },
    ...(product?.moreImages ?? []),
    ...skus.map(({ id, imageUrl, imageAlt }) => ({ url: imageUrl, alt: imageAlt, skuIds: [id] })),
  ];
  const byUrl = new Map<string, GalleryPicture>();
  for (const picture of pictures) {
    const { url, alt } = picture;
    if (url === undefined) continue;
    const known = byUrl.get(url);
    const skuIds = [...(known?.skuIds ?? []), ...("skuIds" in picture ? picture.skuIds : [])];
    byUrl.set(url, { url, alt: known?.alt ?? alt, skuIds });
  }
  return [...byUrl.values()];
}

/** The picture that stands for a sale: its own, or the first one of its items. */
export const mainPicture = (sale: Sale): string | undefined =>
  sale.imageUrl ?? cardsOf(sale).flatMap(picturesOf)[0]?.url;

/** `name`: what the pictures show. `isFirst`: whether they are at the top of the page. */
export const Gallery = ({
  pictures,
  name,
  language,
  isFirst = false,
}: {
  pictures: readonly GalleryPicture[];
  name: string;
  language?: string | undefined;
  isFirst?: boolean;
}) => {
  const { words, fill } = usePage().wording;
  const all = pictures.length;
  /** The alternative text of a picture without one of its own. */
  const textOf = (at: number) =>
    all === 1 ? name : fill(words.page.picture, { item: name, n: at + 1, all });
  return (
    <section
      class="gallery"
      aria-label={fill(words.page.pictures, { item: name })}
      tabindex={all > 1 ? 0 : undefined}
      data-gallery
    >
      {pictures.map(({ url, alt, skuIds }, at) => (
        <img
          src={url}
          alt={alt ?? textOf(at)}
          lang={alt === undefined ? undefined : language}
          width="800"
          height="800"
          loading={isFirst && at === 0 ? "eager" : "lazy"}
          data-shows={skuIds.join(" ") || undefined}
          data-behind
        />
      ))}
    </section>
  );
};
