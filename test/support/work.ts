/** Counts work, independently of the machine: the entries of collections that code inserts or visits. */

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** Methods that insert or look up one entry, and those that may visit all. */
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

/** Counts the work of a synchronous function. */
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
