/** Tests optimizers on any engine: PyTorch's numbers, for whole batches and parts, and exact resumption. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Initializer } from '../../compiler/ir/variables.ts';
import { specFormat, type NetworkSpec, type Spec, type TrainSpec } from '../../compiler/format/types.ts';
import type { OptimizerSpec } from '../../compiler/optimizers/index.ts';
import { compile } from '../../compiler/index.ts';
import { loadLastCheckpoint, restore, saveCheckpoint } from '../../runtime/run/checkpoint.ts';
import { makeStepper } from '../../runtime/train/step.ts';
import { initialValues, type Session } from '../../runtime/session/session.ts';
import { withSession, type OpenSession } from './session-tests.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** The output of `test/reference/optimizers.py`. */
interface Table {
  readonly batch: number;
  readonly average: number;
  readonly rate_of_m: number;
  readonly start: Readonly<Record<string, readonly number[]>>;
  /** The batches of the steps, [batch,3] each. */
  readonly pictures: readonly (readonly number[])[];
  readonly cases: readonly {
    readonly name: string;
    /** The settings of N's optimizer, without the network. */
    readonly optimizer: Omit<OptimizerSpec, 'network'>;
    readonly states: readonly Readonly<Record<string, readonly number[]>>[];
  }[];
}

const file = new URL('../fixtures/optimizers/optimizers.json', import.meta.url);
const table = JSON.parse(readFileSync(file, 'utf8')) as Table;
const tolerance = 2e-6;

const parameter = (name: string, shape: readonly number[], initializer: Initializer) =>
  ({ name, role: 'parameter', shape, initializer }) as const;
const normal: Initializer = { kind: 'normal', mean: 0, std: 1 };

/** N(x) = tanh(x matrix + shift), with x a picture of one pixel; M(y) = y scale. */
const networks: readonly NetworkSpec[] = [
  {
    name: 'N',
    definition: 'N',
    inputs: [{ name: 'x', kind: 'tensor', shape: [1, 1, 3] }],
    variables: [parameter('matrix', [3, 2], normal), parameter('shift', [2], normal)],
    nodes: [
      { id: 'flat', op: 'flatten', inputs: ['x'] },
      { id: 'product', op: 'linear', inputs: ['flat', '@matrix'] },
      { id: 'moved', op: 'add', inputs: ['product', '@shift'] },
      { id: 'y', op: 'tanh', inputs: ['moved'] },
    ],
    outputs: 'y',
  },
  {
    name: 'M',
    definition: 'M',
    inputs: [{ name: 'y', kind: 'tensor', shape: [2] }],
    variables: [parameter('scale', [2], normal)],
    nodes: [{ id: 'z', op: 'mul', inputs: ['y', '@scale'] }],
    outputs: 'z',
  },
];

type TrainableSpec = Spec & { readonly train: TrainSpec };

/** Two networks with one loss, mean((M(N(x)) - 1)^2), each with its own optimizer. */
function specOf(optimizer: Omit<OptimizerSpec, 'network'>, train: Partial<TrainSpec> = {}): TrainableSpec {
  const ofN = { ...optimizer, network: 'N', average: table.average } as OptimizerSpec;
  return {
    format: specFormat,
    name: 'fixed_problem',
    sources: [],
    data: {
      name: 'pixels',
      path: '.',
      images: 'images',
      labels: 'labels',
      classes: 1,
      size: { width: 1, height: 1 },
      batch: table.batch,
    },
    networks,
    objectives: [
      {
        network: 'N',
        together: ['M'],
        nodes: [
          { id: 'n', op: 'call', inputs: ['real'], attrs: { network: 'N' } },
          { id: 'm', op: 'call', inputs: ['n'], attrs: { network: 'M' } },
          { id: 'one', op: 'constant', inputs: [], attrs: { value: 1 } },
          { id: 'off', op: 'sub', inputs: ['m', 'one'] },
          { id: 'squares', op: 'square', inputs: ['off'] },
          { id: 'loss', op: 'mean', inputs: ['squares'] },
        ],
        terms: [{ name: 'squares', value: 'loss' }],
      },
    ],
    train: {
      steps: table.pictures.length,
      optimizers: [ofN, { network: 'M', kind: 'sgd', rate: table.rate_of_m, momentum: 0 }],
      ...train,
    },
  };
}

const start = new Map(Object.entries(table.start).map(([name, values]) => [name, Float32Array.from(values)]));

/** Runs the steps from `first` to before `end` on a session; `seen` gets the outputs of each. */
async function stepThrough(
  session: Session,
  spec: TrainableSpec,
  [first, end]: readonly [number, number],
  seen?: (step: number, outputs: ReadonlyMap<string, Float32Array>) => Promise<void>,
): Promise<void> {
  const stepper = makeStepper(session, spec, { seed: 1, stepsPerEpoch: 1 });
  for (let step = first; step < end; step++) {
    const images = Float32Array.from(table.pictures[step]!);
    const labels = new Int32Array(table.batch);
    const outputs = await stepper(step, { images, labels, edges: undefined, instances: undefined });
    await seen?.(step, outputs);
  }
}

const open = (
  openSession: OpenSession,
  spec: TrainableSpec,
  use: (session: Session) => Promise<void>,
): Promise<void> =>
  withSession(
    openSession,
    compile(spec, { target: cpu, batch: table.batch / (spec.train.accumulate ?? 1), methods: ['step'] }),
    use,
  );

/** Tests optimizers, averages, clipping, accumulation and checkpoints of them on an engine. */
export function testOptimizersOn(openSession: OpenSession): void {
  const count = table.pictures.length;

  describe.each([1, 2, 4])('optimizers with batches in %i parts', (accumulate) => {
    it.each(table.cases)('$name gives the numbers of PyTorch', async ({ optimizer, states }) => {
      const spec = specOf(optimizer, { accumulate });
      await open(openSession, spec, async (session) => {
        await session.setVariables(initialValues(session.program.variables, 1, start));
        await stepThrough(session, spec, [0, count], async (step, outputs) => {
          const { loss, ...weights } = states[step]!;
          const expected = { ...weights, 'N/squares': loss! };
          const found = new Map([...outputs, ...(await session.readVariables(Object.keys(weights)))]);
          for (const [name, values] of Object.entries(expected))
            values.forEach((value, i) =>
              expect(Math.abs(found.get(name)![i]! - value), `${name} after step ${step + 1}`).toBeLessThan(
                tolerance,
              ),
            );
        });
      });
    });
  });

  describe('a checkpoint of them', () => {
    it.each(table.cases)('lets $name go on to the same bits', async ({ optimizer }) => {
      const spec = specOf(optimizer, { accumulate: 2 });
      const folder = mkdtempSync(join(tmpdir(), 'spadework-optimizers-'));
      const program = compile(spec, { target: cpu, batch: table.batch / 2, methods: ['step'] });
      const session = await openSession(program);
      const resumed = await openSession(program);
      try {
        await session.setVariables(initialValues(program.variables, 1, start));
        await stepThrough(session, spec, [0, 3]);
        const where = { specFormat, step: 3, epoch: 3, seconds: 1, seed: 1, engine: 'any' };
        await saveCheckpoint(folder, session, new Set(), where);
        const checkpoint = await loadLastCheckpoint(folder, folder);
        expect([...checkpoint.values.keys()].filter((name) => name.endsWith('/sum'))).toEqual([]);
        await restore(resumed, checkpoint, new Map());
        await stepThrough(session, spec, [3, count]);
        await stepThrough(resumed, spec, [3, count]);
        expect(await resumed.readVariables()).toEqual(await session.readVariables());
      } finally {
        await session.dispose();
        await resumed.dispose();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}
