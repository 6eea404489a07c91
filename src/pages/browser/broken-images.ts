// A shop's image that does not load leaves the place to what lies behind it.

export function mountImages(): void {
  for (const image of document.querySelectorAll<HTMLImageElement>("img[data-behind]")) {
    const leave = () => image.remove();
    if (image.complete && image.naturalWidth === 0) leave();
    else image.addEventListener("error", leave);
  }
}
