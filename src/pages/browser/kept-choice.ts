// Keeps the chosen options and quantities of a sale in this browser: for a reload at the opening, and after signing in elsewhere.
type Field = HTMLInputElement | HTMLSelectElement;

const FIELDS = "[data-pick] [name=sku], .buy select";

/** Restores what was chosen before, and keeps what is chosen from now on. */
export function keepChoice(sale: HTMLElement): void {
  const key = `choice:${sale.dataset.sale}`;
  const chosen = read(key);
  for (const field of sale.querySelectorAll<Field>(FIELDS)) restore(field, chosen[nameOf(field)]);
  sale.addEventListener("change", ({ target }) => {
    const field = target as Field;
    if (!field.matches(FIELDS)) return;
    chosen[nameOf(field)] = field.value;
    try {
      localStorage.setItem(key, JSON.stringify(chosen));
    } catch {
      // Storage is blocked: the choice lasts as long as the page.
    }
  });
}

/** Radio buttons of a product share a name. */
const nameOf = (field: Field): string =>
  field.id || `option-${field.closest<HTMLElement>("[data-product]")?.dataset.product}`;

function restore(field: Field, value: unknown): void {
  if (field instanceof HTMLInputElement) {
    if (field.value === value) field.checked = true;
  } else {
    for (const option of field.options) if (option.value === value) option.selected = true;
  }
}

function read(key: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(localStorage.getItem(key) ?? "{}") };
  } catch {
    return {};
  }
}
