/**
 * Listens for requests to end a command: Ctrl-C, SIGTERM, or the end of the terminal. The supervising process forwards
 * its signals. Both processes get a Ctrl-C, so the number of requests is the larger of the two counts.
 */
const requests = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Request = (typeof requests)[number];

interface Counts {
  /** Signals that reached this process directly. */
  own: number;
  /** Signals that the supervising process forwarded. */
  handedOn: number;
}

const counts: Record<Request, Counts> = {
  SIGINT: { own: 0, handedOn: 0 },
  SIGTERM: { own: 0, handedOn: 0 },
  SIGHUP: { own: 0, handedOn: 0 },
};
let listener: (() => void) | undefined;

function count(request: Request, by: keyof Counts): void {
  const one = counts[request];
  const before = Math.max(one.own, one.handedOn);
  one[by]++;
  if (Math.max(one.own, one.handedOn) > before) listener?.();
}

const onSignal = (signal: NodeJS.Signals): void => count(signal as Request, 'own');

function onMessage(message: unknown): void {
  const { signal } = (message ?? {}) as { readonly signal?: Request };
  if (signal !== undefined && requests.includes(signal)) count(signal, 'handedOn');
}

/**
 * Calls `heard` at each request to end the command, instead of ending it at once; gives a function that stops
 * listening.
 */
export function onInterrupt(heard: () => void): () => void {
  listener = heard;
  for (const request of requests) process.on(request, onSignal);
  process.on('message', onMessage);
  // A channel with a listener would keep the process alive.
  process.channel?.unref();
  tellListening(true);
  return () => {
    tellListening(false);
    process.off('message', onMessage);
    for (const request of requests) process.off(request, onSignal);
    listener = undefined;
  };
}

/** Whether a request to end the command has arrived. */
export function isInterrupted(): boolean {
  return requests.some((request) => counts[request].own + counts[request].handedOn > 0);
}

/** Tells the supervising process whether to forward signals as messages. */
function tellListening(listens: boolean): void {
  if (process.connected) process.send?.({ listens }, () => undefined);
}
