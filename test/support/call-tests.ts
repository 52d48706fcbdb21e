/** Tests calls of a session on any engine: their order, values that stay on the engine, and disposal. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { f32, i32 } from '../../compiler/ir/types.ts';
import { runAndRead, type Session } from '../../runtime/session/session.ts';
import { withSession, type OpenSession } from './session-tests.ts';

const vector = f32(2);

/** A method that writes w * 2 + x and gives the old w and its double, and one that takes values of other calls. */
function makeProgram(): Program {
  const b = new GraphBuilder();
  const w = b.read({ name: 'w', ...vector });
  const double = b.mul(w, 2);
  const ids = b.input({ name: 'ids', ...i32(2) });
  return {
    variables: [
      {
        name: 'w',
        type: vector,
        role: 'state',
        network: 'G',
        initializer: { kind: 'constant', value: 0 },
      },
    ],
    methods: [
      {
        name: 'move',
        outputs: new Map([
          ['old', w],
          ['double', double],
        ]),
        writes: new Map([['w', b.add(double, b.input({ name: 'x', ...vector }))]]),
      },
      {
        name: 'negate',
        outputs: new Map([['y', b.neg(b.input({ name: 'x', ...vector }))]]),
        writes: new Map(),
      },
      { name: 'keep', outputs: new Map([['ids', ids]]), writes: new Map() },
    ],
  };
}

const x = Float32Array.of(1, 10);

async function valueOf(session: Session): Promise<number[]> {
  return [...(await session.readVariables(['w'])).get('w')!];
}

/** Tests the calls of an engine's sessions. */
export function testCallsOn(open: OpenSession): void {
  const withStart = (use: (session: Session) => Promise<void>): Promise<void> =>
    withSession(open, makeProgram(), async (session) => {
      await session.setVariables(new Map([['w', Float32Array.of(1, 2)]]));
      await use(session);
    });

  describe('calls', () => {
    it('run in the order in which they are made, whether they are awaited or not', () =>
      withStart(async (session) => {
        const ended: string[] = [];
        const note = (name: string) => (): number => ended.push(name);
        await Promise.all([
          session.run('move', { x }, { outputs: [] }).then(note('first')),
          valueOf(session).then((w) => expect(w).toEqual([3, 14])),
          session.setVariables(new Map([['w', Float32Array.of(0, 1)]])).then(note('set')),
          session.run('move', { x }, { outputs: [] }).then(note('second')),
          valueOf(session).then((w) => expect(w).toEqual([1, 12])),
        ]);
        expect(ended).toEqual(['first', 'set', 'second']);
      }));

    it('go on after one that fails', () =>
      withStart(async (session) => {
        const failed = session.run('move', {});
        const next = runAndRead(session, 'move', { x });
        await expect(failed).rejects.toThrow("needs input 'x'");
        expect([...(await next).get('old')!]).toEqual([1, 2]);
      }));

    it('do not begin after their signal; one that has begun goes on to its end', () =>
      withStart(async (session) => {
        const controller = new AbortController();
        const { signal } = controller;
        const first = session.run('move', { x }, { signal, outputs: [] });
        const second = session.run('move', { x }, { signal, outputs: [] });
        // The first call starts in the next turn of the queue.
        const abort = Promise.resolve().then(() => controller.abort(new Error('enough')));
        await first;
        await abort;
        await expect(second).rejects.toThrow('enough');
        expect(await valueOf(session)).toEqual([3, 14]);
        await expect(session.run('move', { x }, { signal })).rejects.toThrow('enough');
      }));

    it('are done before a session is disposed of, and refused after', async () => {
      const session = await open(makeProgram());
      await session.setVariables(new Map([['w', Float32Array.of(1, 2)]]));
      const ended: string[] = [];
      const last = session.run('move', { x }, { outputs: ['double'] }).then((outputs) => {
        ended.push('call');
        return outputs.get('double')!;
      });
      const end = session.dispose().then(() => ended.push('dispose'));
      await expect(session.run('move', { x })).rejects.toThrow('after the session was disposed of');
      await end;
      expect(ended).toEqual(['call', 'dispose']);
      const double = await last;
      expect([...(await session.read(double))]).toEqual([2, 4]);
      double.dispose();
      await session.dispose();
    });
  });

  describe('values', () => {
    it('are there once where an output is asked for twice', () =>
      withStart(async (session) => {
        const before = session.valueCount();
        const outputs = await session.run('move', { x }, { outputs: ['old', 'old'] });
        expect(session.valueCount()).toBe(before + 1);
        outputs.get('old')!.dispose();
        expect(session.valueCount()).toBe(before);
      }));

    it('of one call are fed to another, and outlive what they were made of', () =>
      withStart(async (session) => {
        const before = session.valueCount();
        const { old } = Object.fromEntries(await session.run('move', { x }, { outputs: ['old'] }));
        expect(session.valueCount()).toBe(before + 1);
        expect([old!.dtype, [...old!.shape]]).toEqual(['f32', [2]]);
        await session.run('move', { x: old! }, { outputs: [] });
        expect(await valueOf(session)).toEqual([7, 30]);
        const negative = (await runAndRead(session, 'negate', { x: old! })).get('y')!;
        expect([...negative]).toEqual([-1, -2]);
        expect([...(await session.read(old!))]).toEqual([1, 2]);
        old!.dispose();
        old!.dispose();
        await expect(session.read(old!)).rejects.toThrow('after it was disposed of');
        await expect(session.run('negate', { x: old! })).rejects.toThrow('after it was disposed of');
        expect(session.valueCount()).toBe(before);
      }));

    it('come back as far as they are named', () =>
      withStart(async (session) => {
        const outputs = await runAndRead(session, 'move', { x }, { outputs: ['double'] });
        expect([...outputs.keys()]).toEqual(['double']);
        expect([...outputs.get('double')!]).toEqual([2, 4]);
        expect([...(await runAndRead(session, 'move', { x })).keys()]).toEqual(['old', 'double']);
        await expect(session.run('move', { x }, { outputs: ['new'] })).rejects.toThrow(
          "method move has no output 'new'",
        );
      }));

    it('may be whole numbers, which are read as floats', () =>
      withStart(async (session) => {
        const ids = (await session.run('keep', { ids: Int32Array.of(7, -3) })).get('ids')!;
        expect(ids.dtype).toBe('i32');
        expect(await session.read(ids)).toEqual(Float32Array.of(7, -3));
        await expect(session.run('negate', { x: ids })).rejects.toThrow("'x' of negate is fed i32[2]");
        await expect(session.run('negate', { x: Int32Array.of(1, 2) })).rejects.toThrow(
          "input 'x' of negate is fed a Int32Array; it takes f32",
        );
        ids.dispose();
      }));

    it('of another engine are refused', () =>
      withStart(async (session) => {
        const foreign = { shape: [2], dtype: 'f32' as const, dispose: () => undefined };
        await expect(session.run('negate', { x: foreign })).rejects.toThrow('a value of another engine');
        await expect(session.read(foreign)).rejects.toThrow('a value of another engine');
      }));
  });

  it('traces the kernels of all calls that are made meanwhile', () =>
    withStart(async (session) => {
      const times = await session.traced(async () => {
        await Promise.all([runAndRead(session, 'move', { x }), runAndRead(session, 'move', { x })]);
      });
      expect(times.filter(({ node }) => node !== undefined).length).toBeGreaterThan(0);
      expect(await session.traced(() => Promise.resolve())).toEqual([]);
    }));
}
