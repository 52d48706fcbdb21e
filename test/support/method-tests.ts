/** Tests methods on any engine: they read old values, write at the end, and leak nothing. */
import { adam } from '../../compiler/ops/primitive/adam.ts';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Builder, Node } from '../../compiler/ir/node.ts';
import type { Method, Program } from '../../compiler/ir/program.ts';
import type { Variable } from '../../compiler/ir/variables.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { verifyProgram } from '../../compiler/ops/verify.ts';
import { runAndRead, initialValues, setInitialValues, type Session } from '../../runtime/session/session.ts';
import { withSession, type OpenSession } from './session-tests.ts';

const vector = f32(2);
const names = ['w', 'm', 'v', 'average', 'w2', 'm2', 'v2'];
const adamNames = ['w', 'm', 'v', 'w2', 'm2', 'v2'];
const variables = names.map((name): Variable => ({
  name,
  type: vector,
  role: 'state',
  network: 'G',
  initializer: { kind: 'constant', value: 0 },
}));

/** Makes a program of the variables above. */
function programOf(define: (b: Builder, read: (name: string) => Node) => Omit<Method, 'name'>[]): Program {
  const b = new GraphBuilder();
  const methods = define(b, (name) => b.read({ name, ...vector }));
  const program = {
    variables,
    methods: methods.map((method, index) => ({ name: `method_${index}`, ...method })),
  };
  verifyProgram(program);
  return program;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

const record = (values: Readonly<Record<string, Node>>): ReadonlyMap<string, Node> =>
  new Map(Object.entries(values));
const nothing: ReadonlyMap<string, Node> = new Map();

/** Sets all variables: w = [1, 2], m = [3, 4], v = [5, 6], average = [7, 8], w2 = [9, 10] and so on. */
async function start(session: Session): Promise<void> {
  await session.setVariables(new Map(names.map((name, i) => [name, Float32Array.of(2 * i + 1, 2 * i + 2)])));
}

const stateOf = async (session: Session): Promise<Record<string, number[]>> =>
  Object.fromEntries(
    [...(await session.readVariables())].map(([name, values]) => [name, Array.from(values)]),
  );

/** Tests state, order and errors of methods on an engine. */
export function testMethodsOn(open: OpenSession): void {
  describe('a method', () => {
    it('reads the values from before it, whatever it writes', async () => {
      const program = programOf((_b, read) => [
        { outputs: record({ old: read('w') }), writes: record({ w: read('m'), m: read('w') }) },
      ]);
      await withSession(open, program, async (session) => {
        await start(session);
        expect(Array.from((await runAndRead(session, 'method_0', {})).get('old')!)).toEqual([1, 2]);
        expect(await stateOf(session)).toMatchObject({ w: [3, 4], m: [1, 2], v: [5, 6] });
      });
    });

    it('reads and writes variables that are used with their axes in another order', async () => {
      const b = new GraphBuilder();
      const type = f32(2, 3, 4, 5);
      const weight: Variable = {
        name: 'weight',
        type,
        role: 'parameter',
        network: 'G',
        initializer: { kind: 'constant', value: 0 },
      };
      const read = b.read({ name: 'weight', ...type });
      const turned = b.transpose(read, { permutation: [2, 0, 1, 3] });
      const back = b.transpose(b.square(turned), { permutation: [1, 2, 0, 3] });
      const program: Program = {
        variables: [weight],
        methods: [
          { name: 'move', outputs: record({ turned }), writes: record({ weight: b.sub(read, back) }) },
        ],
      };
      verifyProgram(program);
      await withSession(open, program, async (session) => {
        const values = Float32Array.from({ length: 120 }, (_, index) => index);
        await session.setVariables(new Map([['weight', values]]));
        expect((await session.readVariables()).get('weight')).toEqual(values);
        // Entry [c, h, w, o] of the permuted tensor is entry [h, w, c, o].
        const found = (await runAndRead(session, 'move', {})).get('turned')!;
        expect([...found.slice(0, 11)]).toEqual([0, 1, 2, 3, 4, 20, 21, 22, 23, 24, 40]);
        expect((await session.readVariables()).get('weight')).toEqual(
          values.map((value) => value - value * value),
        );
      });
    });

    it('finds the initial values of all variables, however many are set at once', async () => {
      const sizes = [2_500_000, 3, 4_100_000, 1_700_000, 1];
      const drawn = sizes.map((size, index): Variable => ({
        name: `w${index}`,
        type: f32(size),
        role: 'parameter',
        network: 'G',
        initializer: { kind: 'uniform', low: index, high: index + 1 },
      }));
      await withSession(open, { variables: drawn, methods: [] }, async (session) => {
        await setInitialValues(session, 5);
        const expected = initialValues(drawn, 5);
        for (const [name, values] of await session.readVariables())
          expect(Buffer.compare(bytesOf(values), bytesOf(expected.get(name)!)), name).toBe(0);
      });
    });

    it('sees what the methods before it wrote', async () => {
      const program = programOf((b, read) => [
        { outputs: nothing, writes: record({ w: b.add(read('w'), b.input({ name: 'x', ...vector })) }) },
        { outputs: record({ twice: b.mul(read('w'), 2) }), writes: nothing },
      ]);
      await withSession(open, program, async (session) => {
        await start(session);
        for (let count = 0; count < 3; count++)
          await runAndRead(session, 'method_0', { x: Float32Array.of(1, 10) });
        expect(Array.from((await runAndRead(session, 'method_1', {})).get('twice')!)).toEqual([8, 64]);
      });
    });

    it('may write one value to several variables, and constants', async () => {
      const program = programOf((b, read) => {
        const sum = b.add(read('w'), read('m'));
        return [
          { outputs: nothing, writes: record({ w: sum, m: sum, v: b.constant({ value: 9, shape: [2] }) }) },
        ];
      });
      await withSession(open, program, async (session) => {
        await start(session);
        await runAndRead(session, 'method_0', {});
        expect(await stateOf(session)).toMatchObject({ w: [4, 6], m: [4, 6], v: [9, 9], average: [7, 8] });
      });
    });

    it('updates in place only after all reads, and an average of the result follows it', async () => {
      const program = programOf((b, read) => {
        const [w, m, v] = ['w', 'm', 'v'].map(read) as [Node, Node, Node];
        const scalars = [b.constant({ value: 1 }), b.constant({ value: 0 })]; // rate and epsilon
        const gradient = b.square(w);
        const results = b.items(b.make(adam, [w, m, v, gradient, ...scalars], { beta1: 0, beta2: 0 }));
        const [newW, newM, newV] = results as [Node, Node, Node];
        return [
          {
            outputs: record({ before: b.mul(w, 10), after: b.mul(newW, 10) }),
            writes: record({ w: newW, m: newM, v: newV, average: b.mul(b.add(read('average'), newW), 0.5) }),
          },
        ];
      });
      await withSession(open, program, async (session) => {
        await start(session);
        // With beta 0 the first moment is g and the second g^2, so the step is the sign of g: w - 1.
        const outputs = await runAndRead(session, 'method_0', {});
        expect(Array.from(outputs.get('before')!)).toEqual([10, 20]);
        expect(Array.from(outputs.get('after')!)).toEqual([0, 10]);
        expect(await stateOf(session)).toMatchObject({
          w: [0, 1],
          m: [1, 4],
          v: [1, 16],
          average: [3.5, 4.5],
        });
      });
    });

    it('updates several groups in place, and each result follows its own update', async () => {
      const program = programOf((b, read) => {
        const update = (suffix: string, rate: number): Node[] => {
          const state = ['w', 'm', 'v'].map((name) => read(name + suffix));
          const rest = [
            b.constant({ value: 1, shape: [2] }),
            b.constant({ value: rate }),
            b.constant({ value: 0 }),
          ]; // gradient, rate, epsilon
          return b.items(b.make(adam, [...state, ...rest], { beta1: 0, beta2: 0 }));
        };
        const [first, second] = [update('', 1), update('2', 2)] as [Node[], Node[]];
        const written = Object.fromEntries([...first, ...second].map((node, i) => [adamNames[i]!, node]));
        return [{ outputs: record({ w: first[0]!, w2: second[0]! }), writes: record(written) }];
      });
      await withSession(open, program, async (session) => {
        await start(session);
        const outputs = await runAndRead(session, 'method_0', {});
        expect(Array.from(outputs.get('w')!)).toEqual([0, 1]);
        expect(Array.from(outputs.get('w2')!)).toEqual([7, 8]);
        expect(await stateOf(session)).toMatchObject({ w: [0, 1], w2: [7, 8], m2: [1, 1], v2: [1, 1] });
      });
    });

    it('leaves no tensors behind, however often it runs', async () => {
      const program = programOf((b, read) => [
        {
          outputs: record({ y: b.tanh(b.mul(read('w'), b.input({ name: 'x', ...vector }))) }),
          writes: record({ w: b.neg(read('w')) }),
        },
      ]);
      await withSession(open, program, async (session) => {
        await start(session);
        const run = () => runAndRead(session, 'method_0', { x: Float32Array.of(1, 2) });
        await run();
        const before = session.valueCount();
        for (let count = 0; count < 20; count++) await run();
        expect(session.valueCount()).toBe(before);
      });
    });
  });

  describe('a session', () => {
    const program = programOf((b, read) => [
      { outputs: record({ y: b.add(read('w'), b.input({ name: 'x', ...vector })) }), writes: nothing },
    ]);

    it('sets only the variables that are named, and reads them in the order asked for', async () => {
      await withSession(open, program, async (session) => {
        await start(session);
        await session.setVariables(new Map([['m', Float32Array.of(0, 0)]]));
        expect([...(await session.readVariables(['v', 'm', 'w'])).keys()]).toEqual(['v', 'm', 'w']);
        expect(await stateOf(session)).toMatchObject({ w: [1, 2], m: [0, 0], v: [5, 6] });
      });
    });

    it('gives copies that later writes do not change', async () => {
      await withSession(open, program, async (session) => {
        const values = Float32Array.of(1, 2);
        await session.setVariables(new Map([['w', values]]));
        const read = (await session.readVariables(['w'])).get('w')!;
        values.fill(9);
        await session.setVariables(new Map([['w', Float32Array.of(5, 6)]]));
        expect(Array.from(read)).toEqual([1, 2]);
      });
    });

    it('keeps what it was given when the array changes later', async () => {
      const keeping = programOf((b) => {
        const x = b.input({ name: 'x', ...vector });
        const whole = b.slice(x, { begin: [0], size: [2] });
        return [{ outputs: nothing, writes: record({ w: x, m: whole }) }];
      });
      // A library could use page-aligned memory without a copy.
      const values = new Float32Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 2);
      await withSession(open, keeping, async (session) => {
        await start(session);
        values.set([20, 21]);
        await session.setVariables(new Map([['v', values]]));
        await runAndRead(session, 'method_0', { x: values });
        values.fill(9);
        expect(await stateOf(session)).toMatchObject({ w: [20, 21], m: [20, 21], v: [20, 21] });
      });
    });

    it('sets no variable where it refuses one of them', async () => {
      await withSession(open, program, async (session) => {
        await start(session);
        const values = new Map(['w', 'u'].map((name) => [name, Float32Array.of(20, 21)]));
        await expect(session.setVariables(values)).rejects.toThrow("there is no variable 'u'");
        expect(await stateOf(session)).toMatchObject({ w: [1, 2] });
      });
    });

    it.each<[string, (session: Session) => Promise<unknown>, string | RegExp]>([
      [
        'a method that is not there',
        (session) => runAndRead(session, 'train', {}),
        "there is no method 'train'",
      ],
      ['a variable that is not there', (session) => session.readVariables(['u']), "there is no variable 'u'"],
      [
        'to set a variable that is not there',
        (session) => session.setVariables(new Map([['u', Float32Array.of(1, 2)]])),
        "there is no variable 'u'",
      ],
      [
        'to set a variable of another size',
        (session) => session.setVariables(new Map([['w', Float32Array.of(1)]])),
        "variable 'w' has 2 entries ([2]), not 1",
      ],
      [
        'a missing input',
        (session) => runAndRead(session, 'method_0', {}),
        "method method_0 needs input 'x' ([2])",
      ],
      [
        'an input of another size',
        (session) => runAndRead(session, 'method_0', { x: Float32Array.of(1) }),
        "input 'x' of method_0 has 1 entries; [2] needs 2",
      ],
      [
        'an input that the method does not take',
        (session) => runAndRead(session, 'method_0', { x: Float32Array.of(1, 2), z: Float32Array.of(1) }),
        "method method_0 has no input 'z'; it has x",
      ],
      [
        'numbers of another width',
        (session) => runAndRead(session, 'method_0', { x: Uint8Array.of(1, 2) as never }),
        "input 'x' of method_0 is fed a Uint8Array; it takes f32",
      ],
      [
        'numbers of twice the width',
        (session) => runAndRead(session, 'method_0', { x: Float64Array.of(1, 2) as never }),
        "input 'x' of method_0 is fed a Float64Array; it takes f32",
      ],
      [
        'a list in place of an array',
        (session) => runAndRead(session, 'method_0', { x: [1, 2] as never }),
        "input 'x' of method_0 is fed a list; it takes f32",
      ],
    ])('refuses %s', async (_name, use, message) => {
      await withSession(open, program, async (session) => {
        await start(session);
        await expect(use(session)).rejects.toThrow(message);
      });
    });
  });
}
