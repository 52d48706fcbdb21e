/** Makes invalid specs as JSON, a pure function of seed and number. Each must be refused with places, or compile. */
import { check, checkJson, compile, type Spec } from '../../compiler/index.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { statefulSpec } from '../support/stateful-experiment.ts';
import { tinySegmenterSpec, tinySpec } from '../support/tiny-experiment.ts';
import { slotsOf, type Slot } from './slots.ts';
import { cpu } from '../../compiler/lower/targets.ts';

export interface FuzzedSpec {
  readonly text: string;
  /** The applied change. */
  readonly what: string;
}

let bases: readonly string[] | undefined;

/** Small valid specs that together have every part of a spec. */
function baseSpecs(): readonly string[] {
  bases ??= [tinySpec(), tinySegmenterSpec(), statefulSpec({ steps: 2 })].map((text) => {
    const { spec, diagnostics } = check({ name: 'base.spade', text }, fileProvider());
    if (!spec) throw new Error(renderDiagnostics(diagnostics, { color: false }));
    return JSON.stringify(spec);
  });
  return bases;
}

const oddValues: readonly unknown[] = [
  ...[null, true, -1, 0, 1.5, 1e308, 2 ** 31, 2 ** 53, '', 'text', 'G', '5', '\u202e'],
  ...[[], {}, [null], [[]], 'x'.repeat(20_000), Array.from({ length: 2000 }, () => 0)],
];

type Change = (slot: Slot, slots: readonly Slot[], random: RandomStream) => void;

const changes: Readonly<Record<string, Change>> = {
  'an odd value': ({ owner, key }, _, random) => {
    owner[key] = structuredClone(oddValues[random.below(oddValues.length)]);
  },
  'a key gone': ({ owner, key }) => {
    if (Array.isArray(owner)) owner.splice(Number(key), 1);
    else delete owner[key];
  },
  'a key more': ({ owner }, _, random) => {
    const key = ['extra', '__proto__', 'constructor', 'op', 'inputs'][random.below(5)] ?? '';
    // Lists have no keys in JSON, and assigning `__proto__` does not add a key.
    if (!Array.isArray(owner))
      Object.defineProperty(owner, key, { value: 1, enumerable: true, writable: true, configurable: true });
  },
  'the value of another place': ({ owner, key }, slots, random) => {
    const other = slots[random.below(slots.length)];
    if (other) owner[key] = structuredClone(other.owner[other.key]);
  },
  'an entry twice': ({ owner, key }) => {
    if (Array.isArray(owner)) owner.push(structuredClone(owner[Number(key)]));
  },
  'a list in another order': ({ owner }) => {
    if (Array.isArray(owner)) owner.reverse();
  },
};

/** Makes the spec of a seed and an index. */
export function fuzzedSpec(seed: number, index: number): FuzzedSpec {
  const random = new RandomStream(seed, `spec ${index}`);
  const texts = baseSpecs();
  const value = JSON.parse(texts[random.below(texts.length)] ?? '') as unknown;
  const done: string[] = [];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const slots = slotsOf(value);
    const slot = slots[random.below(slots.length)];
    const [what, change] = Object.entries(changes)[random.below(Object.keys(changes).length)] ?? [];
    if (!slot || !change || what === undefined) continue;
    change(slot, slots, random);
    done.push(`${slot.key}: ${what}`);
  }
  return { text: JSON.stringify(value), what: done.join(', ') };
}

/** Specs with more nodes are only checked, as compiling each would take longer than all checks. */
const smallEnough = 20_000;

/** Checks a spec, and compiles it if it is valid. Throws if it gives no result. */
export function checkFuzzedSpec({ text }: FuzzedSpec): {
  readonly kind: 'fine' | 'refused';
  readonly said: string;
} {
  const { spec, diagnostics } = checkJson({ name: 'fuzzed.json', text });
  const said = renderDiagnostics(diagnostics, { color: false });
  if (diagnostics.some(({ severity }) => severity === 'error') !== (spec === undefined))
    throw new Error(`there is a spec beside errors, or neither: ${said}`);
  if (spec && isSmall(spec) && text.length < smallEnough * 10)
    compile(spec, { target: cpu, batch: spec.data?.batch ?? 1 });
  return { kind: spec ? 'fine' : 'refused', said };
}

/** Tells whether a spec is small enough to compile quickly. */
function isSmall({ data, networks }: Spec): boolean {
  const nodes = networks.reduce((sum, network) => sum + network.nodes.length, 0);
  return nodes < smallEnough && (!data || data.size.width * data.size.height * data.batch < 2 ** 20);
}
