// The choice of how many units to buy.
import { useWords } from "./page-context.tsx";

/** The longest list of quantities. A buyer with a higher limit can place another order. */
const MAX_CHOICES = 10;

/** `of`: the id of the SKU, which names the field; the element `name-<of>` has the item's name. Nothing for a limit of one. */
export const Quantity = ({ of: id, limit }: { of: string; limit: number }) =>
  limit === 1 ? null : (
    <div class="quantity">
      <label for={`quantity-${id}`} id={`quantity-label-${id}`}>
        {useWords().page.quantity}
      </label>
      <select
        id={`quantity-${id}`}
        name="quantity"
        autocomplete="off"
        aria-labelledby={`quantity-label-${id} name-${id}`}
      >
        {Array.from({ length: Math.min(limit, MAX_CHOICES) }, (_, i) => (
          <option value={String(i + 1)}>{i + 1}</option>
        ))}
      </select>
    </div>
  );
