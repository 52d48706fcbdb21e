/**
 * Answers for hearing that somebody asks a command to end: Ctrl-C, SIGTERM, or the end of the terminal. The command's first process
 * hands on what it gets; of a Ctrl-C both get one, so that the larger of the two counts is how often somebody asked.
 */
const requests = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Request = (typeof requests)[number];

interface Counts {
  /** Signals that reached this process itself. */
  own: number;
  /** Those that the first process handed on. */
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

/** Calls `heard` each time that somebody asks the command to end, in place of ending it at once; gives what stops that. */
export function onInterrupt(heard: () => void): () => void {
  listener = heard;
  for (const request of requests) process.on(request, onSignal);
  process.on('message', onMessage);
  // A channel that is listened to would keep the process alive.
  process.channel?.unref();
  tellListening(true);
  return () => {
    tellListening(false);
    process.off('message', onMessage);
    for (const request of requests) process.off(request, onSignal);
    listener = undefined;
  };
}

/** Whether somebody has asked the command to end. */
export function isInterrupted(): boolean {
  return requests.some((request) => counts[request].own + counts[request].handedOn > 0);
}

/** Lets the first process know whether signals are to be told in words. */
function tellListening(listens: boolean): void {
  if (process.connected) process.send?.({ listens }, () => undefined);
}
