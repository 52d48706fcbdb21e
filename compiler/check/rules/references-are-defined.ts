/** Checks that every input, output and term refers to an earlier value of the same network or loss. */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import { typesOfInput } from '../../build/instantiate.ts';
import { inputsOfData } from '../../format/queries.ts';
import type { NodeSpec, RefTree } from '../../format/types.ts';
import * as messages from './messages.ts';
import type { Rule, Locate } from './rule.ts';

export const referencesAreDefined: Rule = {
  name: 'references-are-defined',
  check: (spec, locate) => {
    const given = spec.data
      ? Object.values(inputsOfData(spec.data)).flatMap((input) => typesOfInput(input, 1))
      : [];
    return [
      ...spec.networks.flatMap((network, index) => {
        const pointer = `/networks/${index}`;
        const inputs = network.inputs.flatMap((input) => typesOfInput(input, 1).map(([name]) => name));
        const names = [...inputs, ...network.variables.map(({ name }) => `@${name}`)];
        const known = spec.networks.slice(0, index).map(({ name }) => name);
        const checker = new Checker(names, network.nodes, known, locate);
        return [...checker.nodes(`${pointer}/nodes`), ...checker.tree(network.outputs, `${pointer}/outputs`)];
      }),
      ...spec.objectives.flatMap((objective, index) => {
        const pointer = `/objectives/${index}`;
        const known = spec.networks.map(({ name }) => name);
        const checker = new Checker(
          given.map(([name]) => name),
          objective.nodes,
          known,
          locate,
        );
        return [
          ...checker.nodes(`${pointer}/nodes`),
          ...objective.terms.flatMap(({ value }, term) =>
            checker.node(value, `${pointer}/terms/${term}/value`),
          ),
        ];
      }),
    ];
  },
};

class Checker {
  private readonly ids: ReadonlySet<string>;

  constructor(
    private readonly given: readonly string[],
    private readonly all: readonly NodeSpec[],
    private readonly networks: readonly string[],
    private readonly locate: Locate,
  ) {
    this.ids = new Set(all.map((node) => node.id));
  }

  nodes(pointer: string): Diagnostic[] {
    const known = new Set(this.given);
    return this.all.flatMap((node, index) => {
      const found = node.inputs.flatMap((ref, input) =>
        this.ref(ref, known, `${pointer}/${index}/inputs/${input}`),
      );
      known.add(node.id);
      const callee = node.op === 'call' ? String(node.attrs?.['network']) : undefined;
      if (callee === undefined || this.networks.includes(callee)) return found;
      const span = this.locate(`${pointer}/${index}/attrs/network`, 'value');
      return [...found, messages.unknownNetwork(callee, span, this.networks)];
    });
  }

  tree(tree: RefTree, pointer: string): Diagnostic[] {
    if (typeof tree !== 'string')
      return tree.flatMap((part, index) => this.tree(part, `${pointer}/${index}`));
    return this.ref(tree, new Set([...this.given, ...this.ids]), pointer);
  }

  /** Requires the id of a node. */
  node(id: string, pointer: string): Diagnostic[] {
    return this.ids.has(id)
      ? []
      : [messages.unknownReference(id, this.locate(pointer, 'value'), [...this.ids], false)];
  }

  private ref(ref: string, known: ReadonlySet<string>, pointer: string): Diagnostic[] {
    const name = ref.split('/')[0] ?? ref;
    if (known.has(name)) return [];
    return [messages.unknownReference(name, this.locate(pointer, 'value'), [...known], this.ids.has(name))];
  }
}
