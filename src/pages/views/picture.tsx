// The picture of a sale: the shop's image over default artwork (a door in the accent color), which shows if there
// is no image or it does not load.
import type { Sale } from "../../catalog/schema.ts";
import { mainPicture } from "./gallery.tsx";

/** `thumbnail`: small, in a list, next to the sale's title. */
export const Picture = ({ sale, thumbnail = false }: { sale: Sale; thumbnail?: boolean }) => {
  // On the sale's own page, the pictures of its items are on their cards.
  const url = thumbnail ? mainPicture(sale) : sale.imageUrl;
  return (
    <>
      <Art accent={thumbnail ? sale.theme?.accent : undefined} />
      {url ? (
        <img
          src={url}
          alt={thumbnail ? "" : (sale.theme?.imageAlt ?? "")}
          width="800"
          height="600"
          loading={thumbnail ? "lazy" : "eager"}
          data-behind
        />
      ) : null}
    </>
  );
};

/** `accent`: needed in lists of sales; on a sale's own page the stylesheet sets it. */
const Art = ({ accent }: { accent?: string | undefined }) => (
  <svg
    class="art"
    viewBox="0 0 800 600"
    preserveAspectRatio="xMidYMid slice"
    color={accent}
    aria-hidden="true"
  >
    <defs>
      <linearGradient id="beam" x1="0.5" y1="0" x2="0.5" y2="1">
        <stop offset="0" class="art-warm" stop-opacity="0.42" />
        <stop offset="1" class="art-warm" stop-opacity="0" />
      </linearGradient>
      <linearGradient id="spill" x1="0.5" y1="0" x2="0.5" y2="1">
        <stop offset="0" class="art-warm" stop-opacity="0.95" />
        <stop offset="1" class="art-warm" stop-opacity="0.1" />
      </linearGradient>
    </defs>
    <rect class="art-wall" width="800" height="600" />
    <path fill="url(#beam)" d="M318 112H536q36 0 36 36L960 600H60z" />
    <path class="art-floor" d="M0 478H800V600H0z" />
    <path fill="url(#spill)" d="M318 478H572L720 600H250z" />
    <path class="art-glow" d="M318 478V112H536q36 0 36 36V478z" />
    <path class="art-door" d="M318 112L440 150V514L318 478z" />
    <path class="art-edge" d="M440 150l8 3v363l-8-2z" />
    <circle class="art-knob" cx="420" cy="336" r="8" />
  </svg>
);
