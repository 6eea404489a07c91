// Import it before uPlot, which formats numbers in the browser's language as soon as it loads. Some systems have a tag that
// makes `Intl` throw, such as `en-US@posix`.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en" });
}

export {};
