/** Answers for counting work: how many entries of collections some code puts in or goes through, whatever the machine does beside. */

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** Methods that put in or look up one entry, and those that may go through all. */
const single: readonly (readonly [object, readonly string[]])[] = [
  [Map.prototype, ['set', 'get', 'has']],
  [Set.prototype, ['add', 'has']],
  [String.prototype, ['normalize']],
];
const whole: readonly (readonly [object, readonly string[]])[] = [
  [
    Array.prototype,
    [
      ...[
        'filter',
        'map',
        'flatMap',
        'find',
        'findIndex',
        'findLast',
        'includes',
        'indexOf',
        'some',
        'every',
      ],
      ...['concat', 'toSpliced', 'reduce', 'forEach', 'join'],
    ],
  ],
];

/** Counts what a synchronous piece of work does. */
export function countWork(work: () => void): number {
  let count = 0;
  const undo: (() => void)[] = [];
  const patch = (owner: object, name: string, cost: (self: unknown) => number): void => {
    const methods = owner as Record<string, Method>;
    const own = methods[name]!;
    methods[name] = function (...given) {
      count += cost(this);
      return own.apply(this, given);
    };
    undo.push(() => (methods[name] = own));
  };
  for (const [owner, names] of single) for (const name of names) patch(owner, name, () => 1);
  for (const [owner, names] of whole)
    for (const name of names) patch(owner, name, (self) => (self as readonly unknown[]).length);
  try {
    work();
  } finally {
    for (const one of undo) one();
  }
  return count;
}
