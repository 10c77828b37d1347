/** Sends something to a client that may be gone: a connection that has closed meanwhile is no fault. */
export function quietly(send: () => unknown): void {
  try {
    Promise.resolve(send()).catch(() => undefined);
  } catch {
    // Disposed connections throw at once instead of rejecting.
  }
}
