// Removes a shop's image that fails to load, so that the artwork behind it shows.

export function mountImages(): void {
  for (const image of document.querySelectorAll<HTMLImageElement>("img[data-behind]")) {
    const leave = () => image.remove();
    if (image.complete && image.naturalWidth === 0) leave();
    else image.addEventListener("error", leave);
  }
}
