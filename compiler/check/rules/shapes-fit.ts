/**
 * Checks the shapes of a spec written as JSON: builds every node in a scratch graph, so that shape rules exist only in
 * the ops. Specs from the language were built that way already.
 */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import { OpError, shapeOf, typeOf } from '../../ir/node.ts';
import { must } from '../../../dsl/errors.ts';
import {
  instantiateNodes,
  readTree,
  scratchBatch,
  typesOfCall,
  type Environment,
  type Tree,
} from '../../build/instantiate.ts';
import { composites } from '../../ops/composite/index.ts';
import { inputsOfData } from '../../format/queries.ts';
import type { InputSpec, NetworkSpec, NodeSpec, Ref, Spec, VariableSpec } from '../../format/types.ts';
import * as messages from './messages.ts';
import { scratchEnvironment, scratchInputs } from './scratch.ts';
import type { Rule, Locate } from './rule.ts';

export const shapesFit: Rule = {
  name: 'shapes-fit',
  check: (spec, locate) => {
    const environment = scratchEnvironment(spec.networks);
    const sound = new Set<string>();
    const found = spec.networks.flatMap((network, index) => {
      const pointer = `/networks/${index}`;
      const { values, mistakes } = makeNodes(environment, network, network.inputs, pointer, sound, locate);
      const wrong =
        mistakes.length > 0
          ? mistakes
          : treeMistakes(network, values, environment, `${pointer}/outputs`, locate);
      if (wrong.length === 0) sound.add(network.name);
      return wrong;
    });
    if (!spec.data) return found;
    const given = Object.values(inputsOfData(spec.data));
    return [
      ...found,
      ...spec.objectives.flatMap((_, index) =>
        checkObjective(spec, index, given, environment, sound, locate),
      ),
    ];
  },
};

function checkObjective(
  spec: Spec,
  index: number,
  given: readonly InputSpec[],
  environment: Environment,
  sound: ReadonlySet<string>,
  locate: Locate,
): Diagnostic[] {
  const objective = must(spec.objectives[index], 'an index is below the length of the list');
  const owner = { name: `loss ${objective.network}`, nodes: objective.nodes, variables: [] };
  const { values, mistakes } = makeNodes(environment, owner, given, `/objectives/${index}`, sound, locate);
  if (mistakes.length > 0) return mistakes;
  return objective.terms.flatMap((term, position) => {
    const value = values.get(term.value);
    if (!value || (!isList(value) && shapeOf(value).length === 0)) return [];
    const span = locate(`/objectives/${index}/terms/${position}/value`, 'value');
    return [messages.termNotScalar(term.name, describe(value), span)];
  });
}

/** Builds the nodes of a network or loss; stops at the first mistake, as later ones follow from it. */
function makeNodes(
  environment: Environment,
  owner: {
    readonly name: string;
    readonly nodes: readonly NodeSpec[];
    readonly variables: readonly VariableSpec[];
  },
  inputs: readonly InputSpec[],
  pointer: string,
  sound: ReadonlySet<string>,
  locate: Locate,
): { values: Map<Ref, Tree>; mistakes: Diagnostic[] } {
  const values = new Map<Ref, Tree>(scratchInputs(environment, inputs));
  for (const [index, node] of owner.nodes.entries()) {
    const place = (part: string): ReturnType<Locate> => locate(`${pointer}/nodes/${index}${part}`, 'value');
    const mistake = mistakeOf(node);
    if (mistake) return { values, mistakes: mistake };

    function mistakeOf(made: NodeSpec): Diagnostic[] | undefined {
      const callee = made.op === 'call' ? String(made.attrs?.['network']) : undefined;
      // Mistakes inside the callee are reported there.
      if (callee !== undefined && !sound.has(callee)) return [];
      const lists = made.inputs.flatMap((ref, input) => leafMistake(ref, values, place(`/inputs/${input}`)));
      if (lists.length > 0) return lists;
      const wrong =
        callee === undefined ? stateMistakes(made, owner.variables, place) : callMistakes(made, callee);
      if (wrong.length > 0) return wrong;
      try {
        instantiateNodes(environment, [made], values, owner.name);
        return undefined;
      } catch (error) {
        if (!(error instanceof OpError)) throw error;
        return [messages.constraintBroken(made.op, error.constraint, notesOf(made), place(''))];
      }
    }

    function notesOf(made: NodeSpec): string[] {
      return made.inputs.map((ref) => `${ref} is ${describe(read(ref))}`);
    }

    function callMistakes(made: NodeSpec, callee: string): Diagnostic[] {
      const network = must(environment.networks.get(callee), 'references were checked');
      const batch =
        made.inputs[0] === undefined ? scratchBatch : (typeOf(read(made.inputs[0])).shape[0] ?? scratchBatch);
      const types = typesOfCall(network, made.inputs.length, batch);
      if (types.length !== made.inputs.length)
        return [
          messages.wrongInputs(
            callee,
            types.map(([name]) => name),
            made.inputs.length,
            place('/inputs'),
          ),
        ];
      return types.flatMap(([name, type], input) => {
        const found = typeOf(read(must(made.inputs[input], 'there are as many names as values')));
        const fits = found.dtype === type.dtype && String(found.shape) === String(type.shape);
        const expected = `${type.dtype} [${type.shape.slice(1).join(', ')}]`;
        return fits
          ? []
          : [
              messages.wrongInput(
                callee,
                name,
                expected,
                describe(read(made.inputs[input]!)),
                place(`/inputs/${input}`),
              ),
            ];
      });
    }

    function read(ref: Ref): Extract<Tree, { readonly id: number }> {
      return readTree(ref, values, environment, owner.name) as Extract<Tree, { readonly id: number }>;
    }
  }
  return { values, mistakes: [] };
}

/** Requires that state inputs are variables of role state, as the op updates them. */
function stateMistakes(
  node: NodeSpec,
  variables: readonly VariableSpec[],
  place: (part: string) => ReturnType<Locate>,
): Diagnostic[] {
  const composite = composites.get(node.op);
  return (composite?.state ?? []).flatMap((index) => {
    const ref = node.inputs[index] ?? '';
    if (variables.some((variable) => `@${variable.name}` === ref && variable.role === 'state')) return [];
    const name = composite?.inputs[index] ?? '';
    return [
      messages.constraintBroken(
        node.op,
        `${name} is a variable of role state`,
        [`found ${ref}`],
        place(`/inputs/${index}`),
      ),
    ];
  });
}

/** Requires that inputs of ops are single values, as a call may return lists. */
function leafMistake(ref: Ref, values: ReadonlyMap<Ref, Tree>, span: ReturnType<Locate>): Diagnostic[] {
  if (ref.startsWith('@')) return [];
  const [root = '', ...path] = ref.split('/');
  let tree: Tree | undefined = values.get(root);
  for (const index of path) tree = tree && isList(tree) ? tree[Number(index)] : undefined;
  if (tree && !isList(tree)) return [];
  return [messages.wrongSetting(ref, 'one value', tree ? describe(tree) : 'nothing there', span)];
}

function treeMistakes(
  network: NetworkSpec,
  values: ReadonlyMap<Ref, Tree>,
  environment: Environment,
  pointer: string,
  locate: Locate,
): Diagnostic[] {
  const visit = (tree: NetworkSpec['outputs'], at: string): Diagnostic[] => {
    if (typeof tree !== 'string') return tree.flatMap((part, index) => visit(part, `${at}/${index}`));
    const wrong = leafMistake(tree, values, locate(at, 'value'));
    if (wrong.length > 0) return wrong;
    const value = readTree(tree, values, environment, network.name);
    return isList(value) || typeOf(value).dtype === 'f32'
      ? []
      : [messages.wrongSetting('outputs', 'floating-point values', describe(value), locate(at, 'value'))];
  };
  return visit(network.outputs, pointer);
}

function isList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}

function describe(tree: Tree): string {
  if (isList(tree)) return `a list of ${tree.length}`;
  const { dtype, shape } = typeOf(tree);
  const isBatched = shape[0] === scratchBatch || shape[0] === 2 * scratchBatch;
  return `${dtype} [${shape.slice(isBatched ? 1 : 0).join(', ')}]`;
}
