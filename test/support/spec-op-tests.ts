/** Tests composite ops on any engine: the tests that the portable and the native tier share. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { runAndRead, type Session } from '../../runtime/session/session.ts';
import { distance } from './samples.ts';
import type { OpenSession } from './session-tests.ts';
import { feedsOfMethod, methodOfCase, specOpCases, valuesOfMethod } from './spec-op-cases.ts';

/** Tests that composite ops and their gradients on the engine agree with the reference. */
export function testSpecOpsOn(open: OpenSession): void {
  const b = new GraphBuilder();
  const methods = specOpCases.map((each, index) => methodOfCase(b, each, `case_${index}`));
  const program: Program = { variables: [], methods };
  let session: Session | undefined;
  beforeAll(async () => {
    session = await open(program);
  });
  afterAll(() => session?.dispose());

  it.each(specOpCases.map((each, index) => ({ name: each.name, each, method: methods[index]! })))(
    '$name',
    async ({ each, method }) => {
      const inputs = valuesOfMethod(each, method.name);
      const expected = evaluate([...method.outputs.values()], { inputs, variables: new Map() });
      const outputs = await runAndRead(session!, method.name, feedsOfMethod(method, inputs));
      [...method.outputs.keys()].forEach((name, index) =>
        expect(distance(outputs.get(name)!, expected[index]!.data), name).toBeLessThanOrEqual(1e-5),
      );
    },
  );
}
