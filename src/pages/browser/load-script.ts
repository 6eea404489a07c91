// Loads the scripts of third parties on demand.

const LOAD_LIMIT_MS = 15_000;

/** Rejects if the script does not load in time. The next call tries again. */
export function loadScript(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const fail = () => {
      script.remove();
      reject(new Error(`${url} did not load`));
    };
    const limit = setTimeout(fail, LOAD_LIMIT_MS);
    script.onerror = fail;
    script.onload = () => {
      clearTimeout(limit);
      resolve();
    };
    script.src = url;
    document.head.append(script);
  });
}
