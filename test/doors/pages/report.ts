/** Hands what a page has found to the test that serves it. */

/** Does the work of a page; what it gives, or why it failed, goes to the server. */
export async function report(work: () => Promise<object>): Promise<void> {
  let found: object;
  try {
    found = await work();
  } catch (error) {
    found = { failed: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) };
  }
  await fetch('/found', { method: 'POST', body: JSON.stringify(found) });
}

/** Fetches a file of the server. */
export async function fetchFile(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
