// Whether a request comes from the local machine.

const LOCAL_URL = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?\//;

/** The header with the value of LOCAL_GUARD. */
export const LOCAL_GUARD_HEADER = "local-guard";

/** Whether a URL names the local machine. */
export const isLocal = (url: string): boolean => LOCAL_URL.test(url);
