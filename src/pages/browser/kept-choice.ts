// Keeps the chosen options and quantities of a sale in this browser: for a reload at the opening, and after signing in elsewhere.
type Field = HTMLInputElement | HTMLSelectElement;

const FIELDS = "[data-pick] [name=sku], .buy select";

/** Restores what was chosen before, and keeps what is chosen from now on, or was chosen before this script was loaded. */
export function keepChoice(sale: HTMLElement): void {
  const key = `choice:${sale.dataset.sale}`;
  const chosen = read(key);
  const keep = (field: Field) => {
    chosen[nameOf(field)] = field.value;
    try {
      localStorage.setItem(key, JSON.stringify(chosen));
    } catch {
      // Storage is blocked: the choice lasts as long as the page.
    }
  };
  const fields = [...sale.querySelectorAll<Field>(FIELDS)];
  fields.filter(isChanged).forEach(keep);
  for (const field of fields) restore(field, chosen[nameOf(field)]);
  sale.addEventListener("change", ({ target }) => {
    const field = target as Field;
    if (field.matches(FIELDS)) keep(field);
  });
}

/** Whether the visitor chose something else than the page came with. */
function isChanged(field: Field): boolean {
  if (field instanceof HTMLInputElement) return field.checked && !field.defaultChecked;
  const first = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
  return field.value !== first?.value;
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
