/** Tests calls of sessions on the portable engine, which computes on the JavaScript thread. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { PortableSession } from '../../runtime/session/portable.ts';
import { testCallsOn } from '../support/call-tests.ts';
import { portableTensorFlow } from '../support/engines.ts';

const tf = await portableTensorFlow();

describe('calls on WebAssembly', () => {
  testCallsOn((program) => Promise.resolve(new PortableSession(tf, program)));

  it('let others have a turn before each', async () => {
    const outputs = new Map([['one', new GraphBuilder().constant({ value: 1, shape: [] })]]);
    const session = new PortableSession(tf, {
      variables: [],
      methods: [{ name: 'm', outputs, writes: new Map() }],
    });
    const seen: string[] = [];
    const turn = (left: number): void => {
      seen.push('turn');
      if (left > 1) setImmediate(turn, left - 1);
    };
    setImmediate(turn, 3);
    const call = (): Promise<unknown> => session.run('m', {}).then(() => seen.push('call'));
    await Promise.all([call(), call(), call()]);
    expect(seen).toEqual(['turn', 'call', 'turn', 'call', 'turn', 'call']);
    await session.dispose();
  });
});
