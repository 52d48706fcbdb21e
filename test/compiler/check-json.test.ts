/** Tests specs written as JSON: valid ones are accepted, mistakes are reported with places, and nothing throws. */
import { describe, expect, it } from 'vitest';
import { checkJson, compile } from '../../compiler/index.ts';
import { nodesOf } from '../../compiler/ir/program.ts';
import { isRequired, composites } from '../../compiler/ops/composite/index.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { specOf } from '../support/specs.ts';
import { camvid } from '../support/spec-texts.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** A small valid spec: one convolution, and losses without much structure. */
const small = {
  format: 'spadework/1',
  name: 'small',
  sources: [],
  networks: [
    {
      name: 'P',
      definition: 'Painter',
      inputs: [{ name: 'seg', kind: 'labels', width: 8, height: 4, classes: 2, edges: false }],
      variables: [
        {
          name: 'w',
          role: 'parameter',
          shape: [3, 3, 2, 3],
          initializer: { kind: 'xavier_normal', gain: 1 },
        },
        { name: 'mean', role: 'state', shape: [3], initializer: { kind: 'constant', value: 0 } },
        { name: 'var', role: 'state', shape: [3], initializer: { kind: 'constant', value: 1 } },
      ],
      nodes: [
        { id: 'n0', op: 'one_hot', inputs: ['seg'], attrs: { depth: 2 } },
        { id: 'n1', op: 'conv2d', inputs: ['n0', '@w'], attrs: { pad: 1 } },
        { id: 'n2', op: 'batch_norm', inputs: ['n1', '@mean', '@var'] },
      ],
      outputs: 'n2',
    },
  ],
  objectives: [],
};

const check = (value: unknown) => checkJson({ name: 'spec.json', text: JSON.stringify(value, null, 2) });

/** Replaces one piece of the small spec's text. */
function edited(from: string, to: string) {
  const text = JSON.stringify(small, null, 2);
  expect(text.split(from).length, `occurrences of ${from}`).toBeGreaterThan(1);
  return checkJson({ name: 'spec.json', text: text.replace(from, to) });
}

describe('a spec as JSON', () => {
  it('is the same as from the language', () => {
    const spec = specOf(camvid);
    const again = checkJson({ name: 'spec.json', text: JSON.stringify(spec) });
    expect(renderDiagnostics(again.diagnostics, { color: false })).toBe('');
    expect(again.spec).toEqual(spec);
  });

  it('compiles without anything from the language', () => {
    const { spec } = check(small);
    const program = compile(spec!, { target: cpu, batch: 1 });
    expect(program.methods.map((method) => [method.name, nodesOf(method).length > 5])).toEqual([
      ['synthesize', true],
    ]);
  });

  it.each([
    ['"op": "conv2d"', '"op": "convd"', 'wrong-setting', '"convd"'],
    ['"pad": 1', '"pads": 1', 'unknown-setting', '"pads"'],
    ['"pad": 1', '"pad": 1.5', 'wrong-setting', '1.5'],
    ['"depth": 2', '', 'missing-setting', '"attrs"'],
    ['"depth": 2', '"depth": 3', 'shape-mismatch', '{'],
    ['"depth": 2', '"depth": 0', 'shape-mismatch', '{'],
    ['"@w"', '"@v"', 'unknown-reference', '"@v"'],
    ['"@w"', '"n2"', 'unknown-reference', '"n2"'],
    ['"n1",', '"n0/1",', 'wrong-setting', '"n0/1"'],
    ['"outputs": "n2"', '"outputs": ["n2", "n9"]', 'unknown-reference', '"n9"'],
    ['"outputs": "n2"', '"outputs": "seg"', 'wrong-setting', '"seg"'],
    ['"id": "n1"', '"id": "n0"', 'duplicate-name', '"n0"'],
    ['"@var"', '"@w"', 'shape-mismatch', '"@w"'],
    ['"kind": "labels"', '"kind": "pictures"', 'wrong-setting', '"pictures"'],
    ['"role": "state"', '"role": "stat"', 'wrong-setting', '"stat"'],
    ['"name": "small"', '"nam": "small"', 'unknown-setting', '"nam"'],
    ['"name": "small"', '"name": "small", "name": "other"', 'duplicate-name', '"name"'],
    ['"objectives": []', '"objectives": [', 'bad-json', ''],
  ])('with %s as %s is refused: %s', (from, to, code, at) => {
    const { spec, diagnostics } = edited(from, to);
    expect(spec).toBeUndefined();
    const found = diagnostics.find((diagnostic) => diagnostic.code === code);
    expect(found, renderDiagnostics(diagnostics, { color: false })).toBeDefined();
    const { source, start, end } = found!.span!;
    if (at !== '') expect(source.text.slice(start, end)).toBe(at);
  });

  it('says what an op requires, with the shapes of its inputs', () => {
    const { diagnostics } = edited('"depth": 2', '"depth": 3');
    expect(renderDiagnostics(diagnostics, { color: false })).toContain('n0 is f32 [4, 8, 3]');
  });

  it.each([
    [null],
    [[]],
    [3],
    ['text'],
    [{}],
    [{ ...small, networks: [null] }],
    [{ ...small, train: { optimizers: [] } }],
  ])('that is %j is refused without an exception', (value) => {
    expect(check(value).diagnostics).not.toHaveLength(0);
    expect(check(value).spec).toBeUndefined();
  });

  it('is refused without an exception when any value of it is of another type', () => {
    const spec = structuredClone(small) as unknown;
    const places: { holder: Record<string, unknown>; key: string }[] = [];
    const visit = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return;
      for (const key of Object.keys(part)) {
        places.push({ holder: part as Record<string, unknown>, key });
        visit((part as Record<string, unknown>)[key]);
      }
    };
    visit(spec);
    for (const { holder, key } of places)
      for (const other of [null, -1, 0.5, 'x', [], {}, true, ['n0', ['n1']]]) {
        const before = holder[key];
        holder[key] = other;
        const { diagnostics, spec: sound } = check(spec);
        holder[key] = before;
        expect(sound === undefined, key).toBe(diagnostics.length > 0);
      }
  });

  it('survives every op with inputs of every rank', () => {
    const ranks = [[], [2], [2, 3], [2, 3, 4], [2, 3, 4, 5]];
    for (const op of composites.values())
      for (const shape of ranks) {
        const count = op.inputs[0]?.startsWith('...') ? 2 : op.inputs.length;
        const variables = Array.from({ length: count }, (_, index) => ({
          name: `v${index}`,
          role: op.state.includes(index) ? 'state' : 'parameter',
          shape,
          initializer: { kind: 'constant', value: 0 },
        }));
        const attrs = Object.fromEntries(
          Object.entries(op.attrs)
            .filter(([, rule]) => isRequired(rule))
            .map(([name, rule]) => [name, rule.type === 'ints' || rule.type === 'floats' ? [2] : 2]),
        );
        const node = { id: 'n0', op: op.name, inputs: variables.map(({ name }) => `@${name}`), attrs };
        const network = { ...small.networks[0]!, variables, nodes: [node], outputs: 'n0' };
        expect(() => check({ ...small, networks: [network] }), `${op.name} of [${shape}]`).not.toThrow();
      }
  });

  it.each([
    [{ kind: 'uniform', low: 1, high: 0 }, {}, 'high: expected at least low, 1, found 0'],
    [{ kind: 'lengths_of', variable: 'g' }, {}, "'g' is used before it is made"],
    [{ kind: 'lengths_of', variable: 'other' }, {}, "nothing is called 'other'"],
    [{ kind: 'lengths_of', variable: 'mean' }, {}, "nothing is called 'mean'"],
    [{ kind: 'constant', value: 0 }, { stored: 'IO' }, 'stored: expected an order of 1 axes'],
  ])('cannot have a variable that starts as %j, %j', (initializer, extra, message) => {
    const [network] = small.networks;
    const added = { name: 'g', role: 'parameter', shape: [3], initializer, ...extra };
    const text = JSON.stringify({
      ...small,
      networks: [{ ...network, variables: [...network!.variables, added] }],
    });
    const { spec, diagnostics } = checkJson({ name: 'small.json', text });
    expect(spec).toBeUndefined();
    expect(diagnostics.map((one) => one.message).join('\n')).toContain(message);
  });

  it('cannot encode what is no photograph of the data', () => {
    const shape = [2, 2, 3];
    const encoder = {
      name: 'E',
      definition: 'E',
      inputs: [{ name: 'image', kind: 'tensor', shape }],
      variables: [],
      nodes: [{ id: 'n0', op: 'flatten', inputs: ['image'] }],
      outputs: 'n0',
    };
    const [painter] = small.networks;
    const code = { name: 'z', kind: 'encoded', shape: [12], encoder: 'E', sampled: false };
    const data = {
      name: 'd',
      path: '.',
      images: 'a',
      labels: 'b',
      classes: 2,
      size: { width: 8, height: 4 },
    };
    const text = JSON.stringify({
      ...small,
      data: { ...data, batch: 1 },
      networks: [encoder, { ...painter, inputs: [...painter!.inputs, code] }],
    });
    const { diagnostics } = checkJson({ name: 'small.json', text });
    expect(diagnostics.map(({ message }) => message)).toEqual([
      "E cannot encode photographs: it takes 'image', which has not the shape [4,8,3] of the photographs",
    ]);
  });

  it('must train what it declares', () => {
    const spec = specOf(camvid);
    const codes = (value: unknown) => check(value).diagnostics.map(({ code }) => code);
    expect(codes({ ...spec, train: { ...spec.train, optimizers: [] } })).toEqual([
      'loss-without-optimizer',
      'loss-without-optimizer',
    ]);
    expect(codes({ ...spec, objectives: spec.objectives.slice(1) })).toEqual(['optimizer-without-loss']);
    expect(codes({ ...spec, data: { ...spec.data, size: { width: 128, height: 128 } } })).not.toEqual([]);
    const { data: _data, ...without } = spec;
    expect(codes(without)).toContain('incomplete-experiment');
  });
});
